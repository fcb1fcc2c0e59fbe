import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/** A shop: the JDK's HTTP server and client, JDBC behind HikariCP, Redis, and an HTTPS API. */
public class Shop {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String API = System.getenv("RATES_URL");
    static final HttpClient WEB =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    static HikariDataSource db;
    static Redis cache;

    static class Problem extends RuntimeException {
        final int status;

        Problem(int status, String text) {
            super(text);
            this.status = status;
        }
    }

    interface Handler {
        void handle(HttpExchange x, int user) throws Exception;
    }

    static void say(HttpExchange x, int status, Object body) throws IOException {
        byte[] data = JSON.writeValueAsBytes(body);
        x.getResponseHeaders().set("Content-Type", "application/json");
        x.sendResponseHeaders(status, data.length);
        x.getResponseBody().write(data);
        x.close();
    }

    static void none(HttpExchange x, int status) throws IOException {
        x.sendResponseHeaders(status, -1);
        x.close();
    }

    static JsonNode read(HttpExchange x) throws IOException {
        try {
            return JSON.readTree(x.getRequestBody());
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new Problem(400, "bad json");
        }
    }

    static String token(HttpExchange x) {
        String header = x.getRequestHeaders().getFirst("Authorization");
        return header == null ? "" : header.replaceFirst("^Bearer ", "");
    }

    static String query(HttpExchange x, String name) {
        String all = x.getRequestURI().getQuery();
        if (all == null) return null;
        for (String part : all.split("&"))
            if (part.startsWith(name + "=")) return part.substring(name.length() + 1);
        return null;
    }

    static void route(HttpServer server, String path, boolean open, Handler handler) {
        server.createContext(path, x -> {
            try {
                int user = 0;
                if (!open) {
                    if (token(x).isEmpty()) throw new Problem(401, "no token");
                    String found = cache.get("session:" + token(x));
                    if (found == null) throw new Problem(401, "bad token");
                    user = Integer.parseInt(found);
                }
                handler.handle(x, user);
            } catch (Problem p) {
                say(x, p.status, JSON.createObjectNode().put("error", p.getMessage()));
            } catch (Exception e) {
                e.printStackTrace();
                say(x, 500, JSON.createObjectNode().put("error", String.valueOf(e.getMessage())));
            }
        });
    }

    static void login(HttpExchange x, int nobody) throws Exception {
        JsonNode in = read(x);
        byte[] sum = MessageDigest.getInstance("SHA-256")
                .digest(in.path("password").asText().getBytes(StandardCharsets.UTF_8));
        try (Connection c = db.getConnection();
                PreparedStatement s = c.prepareStatement(
                        "SELECT id, password_sha256 FROM users WHERE name = ?")) {
            s.setString(1, in.path("name").asText());
            ResultSet r = s.executeQuery();
            if (!r.next() || !r.getString(2).equals(HexFormat.of().formatHex(sum)))
                throw new Problem(401, "wrong name or password");
            byte[] random = new byte[16];
            new SecureRandom().nextBytes(random);
            String token = HexFormat.of().formatHex(random);
            cache.setex("session:" + token, 3600, String.valueOf(r.getInt(1)));
            say(x, 200, JSON.createObjectNode().put("token", token).put("user", r.getInt(1)));
        }
    }

    static ObjectNode item(ResultSet r) throws SQLException {
        ObjectNode out = JSON.createObjectNode();
        out.put("id", r.getLong("id")).put("name", r.getString("name"));
        out.put("price", r.getBigDecimal("price")).put("stock", r.getInt("stock"));
        ArrayNode tags = out.putArray("tags");
        for (String tag : (String[]) r.getArray("tags").getArray()) tags.add(tag);
        return out.put("updated_at", r.getTimestamp("updated_at").toInstant().toString());
    }

    static void audit(Connection c, int user, String action, ObjectNode detail) throws Exception {
        try (PreparedStatement s = c.prepareStatement(
                "INSERT INTO audit (user_id, action, detail, at) VALUES (?, ?, ?::jsonb, ?)")) {
            s.setInt(1, user);
            s.setString(2, action);
            s.setString(3, JSON.writeValueAsString(detail));
            s.setTimestamp(4, Timestamp.from(Instant.now()));
            s.executeUpdate();
        }
    }

    static void items(HttpExchange x, int user) throws Exception {
        String[] parts = x.getRequestURI().getPath().split("/");
        if (parts.length == 4) photo(x, Long.parseLong(parts[2]));
        else if (parts.length == 3) one(x, user, Long.parseLong(parts[2]));
        else if (x.getRequestMethod().equals("POST")) create(x, user);
        else list(x, user);
    }

    static void list(HttpExchange x, int user) throws Exception {
        String limit = query(x, "limit");
        try (Connection c = db.getConnection();
                PreparedStatement s = c.prepareStatement(
                        "SELECT * FROM items WHERE owner_id = ? ORDER BY id DESC LIMIT ?")) {
            s.setInt(1, user);
            s.setInt(2, limit == null ? 20 : Integer.parseInt(limit));
            ResultSet r = s.executeQuery();
            ArrayNode found = JSON.createArrayNode();
            while (r.next()) found.add(item(r));
            say(x, 200, JSON.createObjectNode().set("items", found));
        }
    }

    static void create(HttpExchange x, int user) throws Exception {
        JsonNode in = read(x);
        BigDecimal price = new BigDecimal(in.path("price").asText("-1"));
        if (in.path("name").asText().isEmpty() || price.signum() < 0)
            throw new Problem(422, "name and price are needed");
        List<String> tags = Arrays.asList(JSON.convertValue(in.path("tags"), String[].class));
        try (Connection c = db.getConnection()) {
            c.setAutoCommit(false);
            ObjectNode made;
            try (PreparedStatement s = c.prepareStatement(
                    "INSERT INTO items (owner_id, name, price, stock, tags) VALUES (?, ?, ?, ?, ?)"
                            + " RETURNING *")) {
                s.setInt(1, user);
                s.setString(2, in.get("name").asText());
                s.setBigDecimal(3, price);
                s.setInt(4, in.path("stock").asInt());
                s.setArray(5, c.createArrayOf("text", tags.toArray()));
                ResultSet r = s.executeQuery();
                r.next();
                made = item(r);
            }
            audit(c, user, "create", JSON.createObjectNode().put("item", made.get("id").asLong()));
            c.commit();
            x.getResponseHeaders().set("Location", "/items/" + made.get("id").asLong());
            say(x, 201, made);
        }
    }

    static ObjectNode load(long id) throws Exception {
        String cached = cache.get("item:" + id);
        if (cached != null) return (ObjectNode) JSON.readTree(cached);
        try (Connection c = db.getConnection();
                PreparedStatement s = c.prepareStatement("SELECT * FROM items WHERE id = ?")) {
            s.setLong(1, id);
            ResultSet r = s.executeQuery();
            if (!r.next()) throw new Problem(404, "not found");
            ObjectNode found = item(r);
            cache.setex("item:" + id, 300, JSON.writeValueAsString(found));
            return found;
        }
    }

    static void one(HttpExchange x, int user, long id) throws Exception {
        switch (x.getRequestMethod()) {
            case "GET" -> {
                ObjectNode found = load(id);
                String currency = query(x, "currency");
                if (currency != null)
                    found.put("price", found.get("price").decimalValue().multiply(rate(currency)));
                say(x, 200, found);
            }
            case "PATCH" -> change(x, user, id);
            default -> remove(x, user, id);
        }
    }

    static BigDecimal rate(String currency) throws Exception {
        HttpRequest ask = HttpRequest.newBuilder(URI.create(API + "/rates?currency=" + currency))
                .header("X-Api-Key", "shop-key").timeout(Duration.ofSeconds(10)).build();
        HttpResponse<String> answer = WEB.send(ask, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new Problem(502, "no rate for " + currency);
        return new BigDecimal(JSON.readTree(answer.body()).get("rate").asText());
    }

    static void change(HttpExchange x, int user, long id) throws Exception {
        JsonNode in = read(x);
        try (Connection c = db.getConnection()) {
            c.setAutoCommit(false);
            BigDecimal old;
            try (PreparedStatement s = c.prepareStatement(
                    "SELECT price FROM items WHERE id = ? AND owner_id = ? FOR UPDATE")) {
                s.setLong(1, id);
                s.setInt(2, user);
                ResultSet r = s.executeQuery();
                if (!r.next()) throw new Problem(404, "not found");
                old = r.getBigDecimal(1);
            }
            try (PreparedStatement s = c.prepareStatement(
                    "UPDATE items SET price = ?, updated_at = ? WHERE id = ?")) {
                s.setBigDecimal(1, new BigDecimal(in.get("price").asText()));
                s.setTimestamp(2, Timestamp.from(Instant.now()));
                s.setLong(3, id);
                s.executeUpdate();
            }
            audit(c, user, "price", JSON.createObjectNode().put("item", id).put("old", old));
            c.commit();
            cache.del("item:" + id);
            say(x, 200, JSON.createObjectNode().put("old", old).put("price", in.get("price").asText()));
        }
    }

    static void remove(HttpExchange x, int user, long id) throws Exception {
        try (Connection c = db.getConnection();
                PreparedStatement s = c.prepareStatement(
                        "DELETE FROM items WHERE id = ? AND owner_id = ?")) {
            s.setLong(1, id);
            s.setInt(2, user);
            s.executeUpdate();
        } catch (SQLException e) {
            if ("23503".equals(e.getSQLState())) throw new Problem(409, "has orders");
            throw e;
        }
        cache.del("item:" + id);
        none(x, 204);
    }

    static void photo(HttpExchange x, long id) throws Exception {
        try (Connection c = db.getConnection()) {
            if (x.getRequestMethod().equals("GET")) {
                try (PreparedStatement s = c.prepareStatement(
                        "SELECT photo, photo_type FROM items WHERE id = ?")) {
                    s.setLong(1, id);
                    ResultSet r = s.executeQuery();
                    r.next();
                    byte[] data = r.getBytes(1);
                    x.getResponseHeaders().set("Content-Type", r.getString(2));
                    x.sendResponseHeaders(200, data.length);
                    x.getResponseBody().write(data);
                    x.close();
                }
                return;
            }
            byte[] body = x.getRequestBody().readAllBytes();
            String text = new String(body, StandardCharsets.ISO_8859_1);
            int from = text.indexOf("\r\n\r\n") + 4;
            int to = text.indexOf("\r\n--" + text.substring(2, text.indexOf("\r\n")), from);
            byte[] data = Arrays.copyOfRange(body, from, to);
            try (PreparedStatement s = c.prepareStatement(
                    "UPDATE items SET photo = ?, photo_type = ? WHERE id = ?")) {
                s.setBytes(1, data);
                s.setString(2, text.split("Content-Type: ")[1].split("\r\n")[0]);
                s.setLong(3, id);
                s.executeUpdate();
            }
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(data);
            say(x, 201, JSON.createObjectNode()
                    .put("sha256", HexFormat.of().formatHex(sum)).put("size", data.length));
        }
    }

    static ObjectNode order(ResultSet r) throws SQLException {
        return JSON.createObjectNode().put("id", r.getString("id")).put("item", r.getLong("item_id"))
                .put("quantity", r.getInt("quantity")).put("total", r.getBigDecimal("total"))
                .put("payment", r.getString("payment")).put("status", r.getString("status"))
                .put("created_at", r.getTimestamp("created_at").toInstant().toString());
    }

    static void orders(HttpExchange x, int user) throws Exception {
        String[] parts = x.getRequestURI().getPath().split("/");
        if (parts.length == 2 && x.getRequestMethod().equals("POST")) {
            buy(x, user);
            return;
        }
        try (Connection c = db.getConnection()) {
            if (x.getRequestMethod().equals("DELETE")) {
                try (PreparedStatement s = c.prepareStatement(
                        "DELETE FROM orders WHERE id = ? AND user_id = ?")) {
                    s.setObject(1, UUID.fromString(parts[2]));
                    s.setInt(2, user);
                    s.executeUpdate();
                }
                none(x, 204);
                return;
            }
            String by = parts.length == 3 ? "id = ?" : "status = ? ORDER BY created_at";
            try (PreparedStatement s = c.prepareStatement(
                    "SELECT * FROM orders WHERE user_id = ? AND " + by)) {
                s.setInt(1, user);
                if (parts.length == 3) s.setObject(2, UUID.fromString(parts[2]));
                else s.setString(2, query(x, "status"));
                ResultSet r = s.executeQuery();
                ArrayNode found = JSON.createArrayNode();
                while (r.next()) found.add(order(r));
                if (parts.length == 3) say(x, 200, found.get(0));
                else say(x, 200, JSON.createObjectNode().set("orders", found));
            }
        }
    }

    static void buy(HttpExchange x, int user) throws Exception {
        JsonNode in = read(x);
        long id = in.get("item").asLong();
        int quantity = in.get("quantity").asInt();
        UUID order = UUID.randomUUID();
        ObjectNode made;
        try (Connection c = db.getConnection()) {
            c.setAutoCommit(false);
            c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try {
                BigDecimal price;
                try (PreparedStatement s = c.prepareStatement(
                        "SELECT price, stock FROM items WHERE id = ? FOR UPDATE")) {
                    s.setLong(1, id);
                    ResultSet r = s.executeQuery();
                    r.next();
                    price = r.getBigDecimal(1);
                    if (r.getInt(2) < quantity) throw new Problem(409, "out of stock");
                }
                try (PreparedStatement s = c.prepareStatement(
                        "UPDATE items SET stock = stock - ? WHERE id = ?")) {
                    s.setInt(1, quantity);
                    s.setLong(2, id);
                    s.executeUpdate();
                }
                BigDecimal total = price.multiply(BigDecimal.valueOf(quantity));
                String payment = pay(order, total);
                try (PreparedStatement s = c.prepareStatement(
                        "INSERT INTO orders (id, user_id, item_id, quantity, total, payment, status)"
                                + " VALUES (?, ?, ?, ?, ?, ?, 'paid') RETURNING *")) {
                    s.setObject(1, order);
                    s.setInt(2, user);
                    s.setLong(3, id);
                    s.setInt(4, quantity);
                    s.setBigDecimal(5, total);
                    s.setString(6, payment);
                    ResultSet r = s.executeQuery();
                    r.next();
                    made = order(r);
                }
                audit(c, user, "order", made);
                c.commit();
            } catch (Exception e) {
                c.rollback();
                throw e;
            }
        }
        cache.del("item:" + id);
        cache.call("LPUSH", "mails", "{\"user\":" + user + ",\"order\":\"" + order + "\"}");
        say(x, 201, made);
    }

    static String pay(UUID order, BigDecimal total) throws Exception {
        ObjectNode body = JSON.createObjectNode().put("order", order.toString()).put("amount", total);
        HttpRequest ask = HttpRequest.newBuilder(URI.create(API + "/payments"))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", order.toString())
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())).build();
        HttpResponse<String> answer = WEB.send(ask, HttpResponse.BodyHandlers.ofString());
        return JSON.readTree(answer.body()).get("id").asText();
    }

    static void report(HttpExchange x, int user) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed); Connection c = db.getConnection()) {
            c.setAutoCommit(false);
            try (PreparedStatement s = c.prepareStatement(
                    "SELECT n, md5(n::text) FROM generate_series(1, 200) AS n")) {
                s.setFetchSize(50);
                ResultSet r = s.executeQuery();
                while (r.next())
                    out.write((r.getInt(1) + "," + r.getString(2) + "\n").getBytes());
            }
        }
        x.getResponseHeaders().set("Content-Type", "text/csv");
        x.getResponseHeaders().set("Content-Encoding", "gzip");
        x.sendResponseHeaders(200, 0);
        x.getResponseBody().write(packed.toByteArray());
        x.close();
    }

    static void boom(HttpExchange x, int user) throws Exception {
        try (Connection c = db.getConnection(); PreparedStatement s = c.prepareStatement("SELECT 1 / 0")) {
            s.executeQuery();
        }
    }

    static void beat() {
        try (Connection c = db.getConnection(); PreparedStatement s = c.prepareStatement(
                "INSERT INTO heartbeats (name, seen) VALUES ('shop', now())"
                        + " ON CONFLICT (name) DO UPDATE SET seen = now()")) {
            s.executeUpdate();
            cache.setex("alive", 30, String.valueOf(Instant.now().getEpochSecond()));
        } catch (Exception e) {
            e.printStackTrace();
        }
    }

    static void mail(Redis queue) {
        while (true) {
            try {
                Object job = queue.call("BRPOP", "mails", "2");
                if (job == null) continue;
                JsonNode in = JSON.readTree((String) ((Object[]) job)[1]);
                try (Connection c = db.getConnection();
                        PreparedStatement s = c.prepareStatement(
                                "INSERT INTO mails (recipient, subject)"
                                        + " SELECT name, ? FROM users WHERE id = ?")) {
                    s.setString(1, "Order " + in.get("order").asText());
                    s.setInt(2, in.get("user").asInt());
                    s.executeUpdate();
                }
            } catch (Exception e) {
                e.printStackTrace();
                try {
                    Thread.sleep(1000);
                } catch (InterruptedException stop) {
                    return;
                }
            }
        }
    }

    public static void main(String[] args) throws Exception {
        HikariConfig config = new HikariConfig();
        String mode = System.getenv().getOrDefault("DB_SSLMODE", "");
        String tls = mode.isEmpty() ? "" : "?sslmode=" + mode;
        if (mode.startsWith("verify")) tls += "&sslrootcert=" + System.getenv("DB_CA");
        config.setJdbcUrl("jdbc:postgresql://" + System.getenv("DB_HOST") + ":"
                + System.getenv("DB_PORT") + "/" + System.getenv("DB_NAME") + tls);
        config.setUsername(System.getenv("DB_USER"));
        config.setPassword(System.getenv("DB_PASSWORD"));
        config.setMaximumPoolSize(8);
        config.setMinimumIdle(2);
        db = new HikariDataSource(config);
        cache = new Redis();
        HttpServer server = HttpServer.create(
                new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 50);
        server.setExecutor(Executors.newFixedThreadPool(8));
        route(server, "/health", true, (x, u) -> say(x, 200, JSON.createObjectNode().put("ok", true)));
        route(server, "/login", true, Shop::login);
        route(server, "/logout", false, (x, u) -> {
            cache.del("session:" + token(x));
            none(x, 204);
        });
        route(server, "/items", false, Shop::items);
        route(server, "/orders", false, Shop::orders);
        route(server, "/report", false, Shop::report);
        route(server, "/boom", false, Shop::boom);
        Thread worker = new Thread(() -> mail(new Redis()), "mail");
        worker.setDaemon(true);
        worker.start();
        Executors.newSingleThreadScheduledExecutor()
                .scheduleAtFixedRate(Shop::beat, 1, 1, TimeUnit.SECONDS);
        server.start();
    }
}
