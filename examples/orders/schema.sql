CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL UNIQUE,
    name          text NOT NULL,
    role          text NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'admin')),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL,
    last_login_at timestamptz
);

CREATE TABLE products (
    sku        text PRIMARY KEY,
    name       text NOT NULL,
    price      numeric(10, 2) NOT NULL CHECK (price >= 0),
    stock      integer NOT NULL CHECK (stock >= 0),
    tags       text[] NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE coupons (
    code    text PRIMARY KEY,
    percent numeric(5, 2) NOT NULL,
    active  boolean NOT NULL DEFAULT true
);

CREATE TABLE orders (
    id         uuid PRIMARY KEY,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    user_id    uuid NOT NULL REFERENCES users,
    status     text NOT NULL DEFAULT 'pending',
    country    char(2) NOT NULL,
    coupon     text REFERENCES coupons,
    subtotal   numeric(10, 2) NOT NULL,
    discount   numeric(10, 2) NOT NULL,
    tax        numeric(10, 2) NOT NULL,
    shipping   numeric(10, 2) NOT NULL,
    total      numeric(10, 2) NOT NULL,
    note       text,
    payment_id text,
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    paid_at    timestamptz
);
CREATE INDEX ON orders (user_id, created_at);

CREATE TABLE order_lines (
    order_id   uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
    position   integer NOT NULL,
    sku        text NOT NULL REFERENCES products,
    quantity   integer NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, position)
);

CREATE TABLE payments (
    id         uuid PRIMARY KEY,
    order_id   uuid NOT NULL REFERENCES orders,
    charge_id  text,
    amount     numeric(10, 2) NOT NULL,
    outcome    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_log (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    user_id    uuid,
    subject    text,
    details    jsonb NOT NULL,
    created_at timestamptz NOT NULL
);

-- The first administrator; the password is "correct horse".
INSERT INTO users (id, email, name, role, password_hash, created_at) VALUES
    ('00000000-0000-4000-8000-000000000001', 'admin@orders.test', 'Ada Admin', 'admin',
     'pbkdf2:sha256:20000$seedsaltseedsalt$c80dbe10ae7f21573d5506beca9daee417ca38b7d0630dc39175df3c0e9031af', now());

INSERT INTO coupons (code, percent, active) VALUES
    ('WELCOME10', 10, true), ('HALF', 50, true), ('SUMMER19', 15, false);

INSERT INTO products (sku, name, price, stock, tags, attributes) VALUES
    ('TEA-001', 'Darjeeling, first flush', 12.35, 100000, '{tea,loose}', '{"grams": 100, "organic": true}'),
    ('TEA-002', 'Assam, broken leaf', 7.90, 100000, '{tea}', '{"grams": 250}'),
    ('MUG-001', 'Stoneware mug', 25.00, 100000, '{mug}', '{"millilitres": 350, "colours": ["grey", "sand"]}'),
    ('POT-001', 'Cast iron teapot', 84.99, 100000, '{pot,gift}', '{"litres": 1.1}'),
    ('GIFT-01', 'Gift wrap', 2.05, 100000, '{gift}', '{}');
