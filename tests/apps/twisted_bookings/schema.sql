CREATE TABLE people (name text PRIMARY KEY, crypt_ok text NOT NULL);
CREATE TABLE rooms (id serial PRIMARY KEY, name text NOT NULL, seats integer NOT NULL, price numeric(8, 2) NOT NULL);
CREATE TABLE bookings (
    id serial PRIMARY KEY, code uuid NOT NULL, room_id integer NOT NULL REFERENCES rooms, day date NOT NULL, person text NOT NULL,
    price numeric(8, 2) NOT NULL, made_at timestamptz NOT NULL, receipt text, UNIQUE (room_id, day));
CREATE TABLE beats (at timestamptz NOT NULL);
INSERT INTO people SELECT 'user' || n, 'secret-' || n FROM generate_series(1, 20) n;
INSERT INTO rooms (name, seats, price) SELECT 'Room ' || n, 2 * n, 10.50 * n FROM generate_series(1, 20) n;
