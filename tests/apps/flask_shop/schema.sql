CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE NOT NULL, password text NOT NULL);
CREATE TABLE products (
    id serial PRIMARY KEY, sku text UNIQUE NOT NULL, title text NOT NULL, price numeric(10, 2) NOT NULL,
    stock integer NOT NULL DEFAULT 0, picture bytea);
CREATE TABLE orders (
    id serial PRIMARY KEY, number text UNIQUE NOT NULL, user_id integer NOT NULL REFERENCES users,
    created_at timestamp NOT NULL, status text NOT NULL DEFAULT 'new');
CREATE TABLE lines (
    id serial PRIMARY KEY, order_id integer NOT NULL REFERENCES orders ON DELETE CASCADE,
    product_id integer NOT NULL REFERENCES products, quantity integer NOT NULL, price numeric(10, 2) NOT NULL);
INSERT INTO products (sku, title, price, stock) VALUES
    ('CUP', 'A cup', 4.50, 100), ('POT', 'A pot', 19.90, 100), ('TEA', 'Tea', 7.25, 1000);
