CREATE TABLE users (id uuid PRIMARY KEY, email text UNIQUE NOT NULL, password text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE notes (
    id uuid PRIMARY KEY, owner_id uuid NOT NULL REFERENCES users, title text NOT NULL, body text NOT NULL,
    tags text[] NOT NULL, meta jsonb NOT NULL, version integer NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE attachments (
    id serial PRIMARY KEY, note_id uuid NOT NULL REFERENCES notes, name text NOT NULL, content bytea NOT NULL);
