CREATE SCHEMA app;
CREATE SCHEMA priv;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TYPE app.jwt AS (role text, exp bigint, person_id int);
CREATE ROLE anon NOLOGIN;
CREATE ROLE member NOLOGIN;
GRANT anon, member TO app;

CREATE TABLE app.person (
    id serial PRIMARY KEY, name text NOT NULL, created_at timestamptz DEFAULT now()
);
CREATE TABLE priv.account (
    person_id int PRIMARY KEY REFERENCES app.person ON DELETE CASCADE, email text UNIQUE, hash text
);
CREATE TABLE app.post (
    id serial PRIMARY KEY,
    author_id int NOT NULL REFERENCES app.person ON DELETE CASCADE,
    title text NOT NULL,
    body text,
    tags text[] DEFAULT '{}',
    meta jsonb DEFAULT '{}',
    score numeric(8, 2) DEFAULT 0,
    created_at timestamptz DEFAULT now()
);
CREATE INDEX ON app.post (author_id);

CREATE FUNCTION app.register(name text, email text, password text) RETURNS app.person
    LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER AS $$
DECLARE p app.person;
BEGIN
    INSERT INTO app.person (name) VALUES ($1) RETURNING * INTO p;
    INSERT INTO priv.account VALUES (p.id, $2, crypt($3, gen_salt('bf', 4)));
    RETURN p;
END $$;

CREATE FUNCTION app.authenticate(email text, password text) RETURNS app.jwt
    LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER AS $$
DECLARE a priv.account;
BEGIN
    SELECT * INTO a FROM priv.account x WHERE x.email = $1;
    IF a.hash = crypt($2, a.hash) THEN
        RETURN ('member', extract(epoch FROM now() + interval '1 day')::bigint, a.person_id)::app.jwt;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION app.search_posts(term text) RETURNS SETOF app.post LANGUAGE sql STABLE AS $$
    SELECT * FROM app.post WHERE title ILIKE '%' || term || '%' ORDER BY id
$$;

CREATE FUNCTION app.me() RETURNS app.person LANGUAGE sql STABLE AS $$
    SELECT * FROM app.person WHERE id = nullif(current_setting('jwt.claims.person_id', true), '')::int
$$;

GRANT USAGE ON SCHEMA app TO anon, member;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO anon, member;
GRANT INSERT, UPDATE, DELETE ON app.post TO member;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO member;
ALTER TABLE app.post ENABLE ROW LEVEL SECURITY;
CREATE POLICY r ON app.post FOR SELECT USING (true);
CREATE POLICY w ON app.post FOR ALL TO member
    USING (author_id = nullif(current_setting('jwt.claims.person_id', true), '')::int);
