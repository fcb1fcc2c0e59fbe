// A shop: net/http, database/sql with lib/pq, go-redis, and an HTTPS API.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
	redis "gopkg.in/redis.v5"
)

var (
	db    *sql.DB
	cache *redis.Client
	rates = os.Getenv("RATES_URL")
	web   = &http.Client{Timeout: 10 * time.Second}
)

type Item struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Price     string    `json:"price"`
	Stock     int       `json:"stock"`
	Tags      []string  `json:"tags"`
	UpdatedAt time.Time `json:"updated_at"`
}

type Order struct {
	ID        string    `json:"id"`
	Item      int64     `json:"item"`
	Quantity  int       `json:"quantity"`
	Total     string    `json:"total"`
	Payment   string    `json:"payment"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
}

type problem struct {
	status int
	text   string
}

func (p problem) Error() string { return p.text }

type handler func(w http.ResponseWriter, r *http.Request, user int) error

func say(w http.ResponseWriter, status int, body interface{}) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(body)
}

func token() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func uuid() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func public(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		var p problem
		switch {
		case err == nil:
		case errors.As(err, &p):
			say(w, p.status, map[string]string{"error": p.text})
		case errors.Is(err, sql.ErrNoRows):
			say(w, 404, map[string]string{"error": "not found"})
		default:
			log.Print(err)
			say(w, 500, map[string]string{"error": err.Error()})
		}
	}
}

func private(h handler) http.HandlerFunc {
	return public(func(w http.ResponseWriter, r *http.Request) error {
		t := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if t == "" {
			return problem{401, "no token"}
		}
		id, err := cache.Get("session:" + t).Int64()
		if err == redis.Nil {
			return problem{401, "bad token"}
		} else if err != nil {
			return err
		}
		return h(w, r, int(id))
	})
}

func login(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Name, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return problem{400, "bad json"}
	}
	var id int
	var hash string
	err := db.QueryRowContext(r.Context(), "SELECT id, password_sha256 FROM users WHERE name = $1", in.Name).Scan(&id, &hash)
	sum := sha256.Sum256([]byte(in.Password))
	if err == sql.ErrNoRows || (err == nil && hash != hex.EncodeToString(sum[:])) {
		return problem{401, "wrong name or password"}
	} else if err != nil {
		return err
	}
	t := token()
	if err := cache.Set("session:"+t, id, time.Hour).Err(); err != nil {
		return err
	}
	return say(w, 200, map[string]interface{}{"token": t, "user": id})
}

func logout(w http.ResponseWriter, r *http.Request, user int) error {
	t := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if err := cache.Del("session:" + t).Err(); err != nil {
		return err
	}
	w.WriteHeader(204)
	return nil
}

func audit(ctx context.Context, tx *sql.Tx, user int, action string, detail interface{}) error {
	data, _ := json.Marshal(detail)
	_, err := tx.ExecContext(ctx, "INSERT INTO audit (user_id, action, detail, at) VALUES ($1, $2, $3, $4)",
		user, action, data, time.Now().UTC())
	return err
}

func items(w http.ResponseWriter, r *http.Request, user int) error {
	if r.Method == "POST" {
		return createItem(w, r, user)
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = 20
	}
	rows, err := db.QueryContext(r.Context(),
		"SELECT id, name, price, stock, tags, updated_at FROM items WHERE owner_id = $1 ORDER BY id DESC LIMIT $2", user, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := []Item{}
	for rows.Next() {
		var i Item
		if err := rows.Scan(&i.ID, &i.Name, &i.Price, &i.Stock, pq.Array(&i.Tags), &i.UpdatedAt); err != nil {
			return err
		}
		found = append(found, i)
	}
	return say(w, 200, map[string]interface{}{"items": found, "limit": limit})
}

func createItem(w http.ResponseWriter, r *http.Request, user int) error {
	var in Item
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return problem{400, "bad json"}
	}
	price, err := strconv.ParseFloat(in.Price, 64)
	if in.Name == "" || err != nil || price < 0 {
		return problem{422, "name and price are needed"}
	}
	tx, err := db.BeginTx(r.Context(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	err = tx.QueryRowContext(r.Context(),
		"INSERT INTO items (owner_id, name, price, stock, tags) VALUES ($1, $2, $3, $4, $5) RETURNING id, updated_at",
		user, in.Name, in.Price, in.Stock, pq.Array(in.Tags)).Scan(&in.ID, &in.UpdatedAt)
	if err != nil {
		return err
	}
	if err := audit(r.Context(), tx, user, "create", map[string]interface{}{"item": in.ID, "name": in.Name}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("/items/%d", in.ID))
	return say(w, 201, in)
}

func load(ctx context.Context, id string) (*Item, error) {
	var i Item
	key := "item:" + id
	data, err := cache.Get(key).Bytes()
	if err == nil {
		return &i, json.Unmarshal(data, &i)
	} else if err != redis.Nil {
		return nil, err
	}
	err = db.QueryRowContext(ctx, "SELECT id, name, price, stock, tags, updated_at FROM items WHERE id = $1", id).
		Scan(&i.ID, &i.Name, &i.Price, &i.Stock, pq.Array(&i.Tags), &i.UpdatedAt)
	if err != nil {
		return nil, err
	}
	data, _ = json.Marshal(i)
	return &i, cache.Set(key, data, 5*time.Minute).Err()
}

func rate(ctx context.Context, currency string) (float64, error) {
	req, _ := http.NewRequestWithContext(ctx, "GET", rates+"/rates?currency="+currency, nil)
	req.Header.Set("X-Api-Key", "shop-key")
	res, err := web.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		io.Copy(io.Discard, res.Body)
		return 0, problem{502, "no rate for " + currency}
	}
	var out struct{ Rate string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return 0, err
	}
	return strconv.ParseFloat(out.Rate, 64)
}

func item(w http.ResponseWriter, r *http.Request, user int) error {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/items/"), "/")
	id := parts[0]
	if len(parts) == 2 && parts[1] == "photo" {
		return photo(w, r, id)
	}
	switch r.Method {
	case "GET":
		i, err := load(r.Context(), id)
		if err != nil {
			return err
		}
		if c := r.URL.Query().Get("currency"); c != "" {
			by, err := rate(r.Context(), c)
			if err != nil {
				return err
			}
			price, _ := strconv.ParseFloat(i.Price, 64)
			i.Price = fmt.Sprintf("%.2f", price*by)
		}
		return say(w, 200, i)
	case "PATCH":
		return change(w, r, user, id)
	case "DELETE":
		_, err := db.ExecContext(r.Context(), "DELETE FROM items WHERE id = $1 AND owner_id = $2", id, user)
		var broken *pq.Error
		if errors.As(err, &broken) && broken.Code.Name() == "foreign_key_violation" {
			return problem{409, "has orders"}
		} else if err != nil {
			return err
		}
		if err := cache.Del("item:" + id).Err(); err != nil {
			return err
		}
		w.WriteHeader(204)
		return nil
	}
	return problem{405, "not allowed"}
}

func change(w http.ResponseWriter, r *http.Request, user int, id string) error {
	var in struct{ Price string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return problem{400, "bad json"}
	}
	tx, err := db.BeginTx(r.Context(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var old string
	if err := tx.QueryRow("SELECT price FROM items WHERE id = $1 AND owner_id = $2 FOR UPDATE", id, user).Scan(&old); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE items SET price = $1, updated_at = $2 WHERE id = $3", in.Price, time.Now().UTC(), id); err != nil {
		return err
	}
	if err := audit(r.Context(), tx, user, "price", map[string]string{"item": id, "old": old, "new": in.Price}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if err := cache.Del("item:" + id).Err(); err != nil {
		return err
	}
	return say(w, 200, map[string]string{"old": old, "price": in.Price})
}

func photo(w http.ResponseWriter, r *http.Request, id string) error {
	if r.Method == "GET" {
		var data []byte
		var kind string
		if err := db.QueryRow("SELECT photo, photo_type FROM items WHERE id = $1", id).Scan(&data, &kind); err != nil {
			return err
		}
		w.Header().Set("Content-Type", kind)
		_, err := w.Write(data)
		return err
	}
	file, head, err := r.FormFile("photo")
	if err != nil {
		return problem{400, err.Error()}
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	if _, err := db.Exec("UPDATE items SET photo = $1, photo_type = $2 WHERE id = $3", data, head.Header.Get("Content-Type"), id); err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	return say(w, 201, map[string]interface{}{"sha256": hex.EncodeToString(sum[:]), "size": len(data)})
}

func pay(ctx context.Context, order, total string) (string, error) {
	body, _ := json.Marshal(map[string]string{"order": order, "amount": total})
	req, _ := http.NewRequestWithContext(ctx, "POST", rates+"/payments", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", order)
	res, err := web.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var out struct{ ID string }
	err = json.NewDecoder(res.Body).Decode(&out)
	return out.ID, err
}

func orders(w http.ResponseWriter, r *http.Request, user int) error {
	if r.Method == "POST" {
		return createOrder(w, r, user)
	}
	rows, err := db.Query("SELECT id, item_id, quantity, total, coalesce(payment, ''), status, created_at FROM orders WHERE user_id = $1 AND status = $2 ORDER BY created_at",
		user, r.URL.Query().Get("status"))
	if err != nil {
		return err
	}
	defer rows.Close()
	found := []Order{}
	for rows.Next() {
		var o Order
		if err := rows.Scan(&o.ID, &o.Item, &o.Quantity, &o.Total, &o.Payment, &o.Status, &o.CreatedAt); err != nil {
			return err
		}
		found = append(found, o)
	}
	return say(w, 200, map[string]interface{}{"orders": found})
}

func createOrder(w http.ResponseWriter, r *http.Request, user int) error {
	var in struct{ Item, Quantity int }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return problem{400, "bad json"}
	}
	ctx := r.Context()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var price float64
	var stock int
	if err := tx.QueryRow("SELECT price, stock FROM items WHERE id = $1 FOR UPDATE", in.Item).Scan(&price, &stock); err != nil {
		return err
	}
	if stock < in.Quantity {
		return problem{409, "out of stock"}
	}
	if _, err := tx.Exec("UPDATE items SET stock = stock - $1 WHERE id = $2", in.Quantity, in.Item); err != nil {
		return err
	}
	o := Order{ID: uuid(), Item: int64(in.Item), Quantity: in.Quantity, Status: "paid"}
	o.Total = fmt.Sprintf("%.2f", price*float64(in.Quantity))
	if o.Payment, err = pay(ctx, o.ID, o.Total); err != nil {
		return err
	}
	err = tx.QueryRow("INSERT INTO orders (id, user_id, item_id, quantity, total, payment, status) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING created_at",
		o.ID, user, o.Item, o.Quantity, o.Total, o.Payment, o.Status).Scan(&o.CreatedAt)
	if err != nil {
		return err
	}
	if err := audit(ctx, tx, user, "order", o); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	pipe := cache.Pipeline()
	pipe.Del(fmt.Sprintf("item:%d", in.Item))
	pipe.RPush("mails", fmt.Sprintf(`{"user":%d,"order":"%s"}`, user, o.ID))
	if _, err := pipe.Exec(); err != nil {
		return err
	}
	return say(w, 201, o)
}

func order(w http.ResponseWriter, r *http.Request, user int) error {
	id := strings.TrimPrefix(r.URL.Path, "/orders/")
	if r.Method == "DELETE" {
		if _, err := db.Exec("DELETE FROM orders WHERE id = $1 AND user_id = $2", id, user); err != nil {
			return err
		}
		w.WriteHeader(204)
		return nil
	}
	var o Order
	err := db.QueryRow("SELECT id, item_id, quantity, total, payment, status, created_at FROM orders WHERE id = $1 AND user_id = $2", id, user).
		Scan(&o.ID, &o.Item, &o.Quantity, &o.Total, &o.Payment, &o.Status, &o.CreatedAt)
	if err != nil {
		return err
	}
	return say(w, 200, o)
}

func report(w http.ResponseWriter, r *http.Request, user int) error {
	rows, err := db.Query("SELECT n, md5(n::text) FROM generate_series(1, 200) AS n")
	if err != nil {
		return err
	}
	defer rows.Close()
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Content-Encoding", "gzip")
	out := gzip.NewWriter(w)
	defer out.Close()
	for rows.Next() {
		var n int
		var s string
		if err := rows.Scan(&n, &s); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d,%s\n", n, s)
	}
	return nil
}

func boom(w http.ResponseWriter, r *http.Request, user int) error {
	var n int
	return db.QueryRow("SELECT 1 / 0").Scan(&n)
}

func beat() {
	for range time.Tick(time.Second) {
		if _, err := db.Exec("INSERT INTO heartbeats (name, seen) VALUES ('shop', now()) ON CONFLICT (name) DO UPDATE SET seen = now()"); err != nil {
			log.Print("beat: ", err)
		}
		cache.Set("alive", time.Now().Unix(), 30*time.Second)
	}
}

func mail() {
	for {
		job, err := cache.BLPop(5*time.Second, "mails").Result()
		if err == redis.Nil {
			continue
		} else if err != nil {
			log.Print("mail: ", err)
			time.Sleep(time.Second)
			continue
		}
		var in struct {
			User  int
			Order string
		}
		json.Unmarshal([]byte(job[1]), &in)
		var name string
		if err := db.QueryRow("SELECT name FROM users WHERE id = $1", in.User).Scan(&name); err != nil {
			log.Print("mail: ", err)
			continue
		}
		if _, err := db.Exec("INSERT INTO mails (recipient, subject) VALUES ($1, $2)", name, "Order "+in.Order); err != nil {
			log.Print("mail: ", err)
		}
	}
}

func main() {
	var err error
	mode := os.Getenv("DB_SSLMODE")
	if mode == "" {
		mode = "disable"
	}
	db, err = sql.Open("postgres", fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=%s sslmode=%s",
		os.Getenv("DB_HOST"), os.Getenv("DB_PORT"), os.Getenv("DB_USER"), os.Getenv("DB_PASSWORD"), os.Getenv("DB_NAME"), mode))
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	db.SetConnMaxLifetime(time.Minute)
	if err := db.Ping(); err != nil {
		log.Fatal(err)
	}
	cache = redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_HOST") + ":" + os.Getenv("REDIS_PORT"), ReadTimeout: 10 * time.Second})
	go beat()
	go mail()
	http.HandleFunc("/health", public(func(w http.ResponseWriter, r *http.Request) error {
		return say(w, 200, map[string]bool{"ok": true})
	}))
	http.HandleFunc("/login", public(login))
	http.HandleFunc("/logout", private(logout))
	http.HandleFunc("/items", private(items))
	http.HandleFunc("/items/", private(item))
	http.HandleFunc("/orders", private(orders))
	http.HandleFunc("/orders/", private(order))
	http.HandleFunc("/report", private(report))
	http.HandleFunc("/boom", private(boom))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
