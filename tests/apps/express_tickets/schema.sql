CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE NOT NULL, salt text NOT NULL, hash text NOT NULL);
CREATE TABLE tickets (
    id bigserial PRIMARY KEY, number text UNIQUE NOT NULL, owner_id integer NOT NULL REFERENCES users, subject text NOT NULL,
    body text, state text NOT NULL DEFAULT 'open', priority smallint NOT NULL, opened_at timestamptz NOT NULL,
    changed_at timestamptz, file bytea, digest text);
CREATE TABLE history (id bigserial PRIMARY KEY, ticket_id bigint NOT NULL REFERENCES tickets, what jsonb NOT NULL);
CREATE TABLE session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL);
