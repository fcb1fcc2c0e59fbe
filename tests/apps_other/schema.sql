CREATE TABLE users (
    id serial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    password_sha256 text NOT NULL
);
CREATE TABLE items (
    id bigserial PRIMARY KEY,
    owner_id integer NOT NULL REFERENCES users (id),
    name varchar(80) NOT NULL,
    price numeric(10, 2) NOT NULL CHECK (price >= 0),
    stock integer NOT NULL DEFAULT 0,
    tags text[] NOT NULL DEFAULT '{}',
    photo bytea,
    photo_type text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    item_id bigint NOT NULL REFERENCES items (id),
    quantity integer NOT NULL,
    total numeric(12, 2) NOT NULL,
    payment text,
    status text NOT NULL DEFAULT 'new',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit (
    id bigserial PRIMARY KEY,
    user_id integer,
    action text NOT NULL,
    detail jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE mails (id bigserial PRIMARY KEY, recipient text NOT NULL, subject text NOT NULL);
CREATE TABLE heartbeats (name text PRIMARY KEY, seen timestamptz NOT NULL);
INSERT INTO users (name, password_sha256)
SELECT 'user' || n, encode(sha256(('secret' || n)::bytea), 'hex') FROM generate_series(1, 20) AS n;
