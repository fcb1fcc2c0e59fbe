CREATE TABLE jobs (key text PRIMARY KEY, text text NOT NULL, state text NOT NULL, result text, receipt text);
CREATE TABLE audit (what text NOT NULL, key text NOT NULL);
