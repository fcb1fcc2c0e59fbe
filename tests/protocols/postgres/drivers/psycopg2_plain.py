"""psycopg2: simple queries only, literals written by the client."""

import datetime
import decimal
import io
import select
import sys

import psycopg2
import psycopg2.extensions
import psycopg2.extras

port = int(sys.argv[1])
dsn = f"host=127.0.0.1 port={port} dbname=shop user=app password=s3cret"
c = psycopg2.connect(dsn)
cur = c.cursor()
cur.execute(
    "CREATE TABLE items (id serial PRIMARY KEY, name text UNIQUE, price numeric(10,2), data jsonb, raw bytea, at timestamptz, tags text[])"
)
when = datetime.datetime(2024, 1, 2, 3, 4, 5, 678900, tzinfo=datetime.UTC)
for i in range(3):
    cur.execute(
        "INSERT INTO items (name, price, data, raw, at, tags) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id, at",
        (
            f"it'em {i}",
            decimal.Decimal("1.10") * i,
            psycopg2.extras.Json({"a": [i, None]}),
            bytes(range(256)),
            when,
            ["a b", 'c"d', None],
        ),
    )
    print(cur.fetchall(), cur.statusmessage)
c.commit()
cur.execute("SELECT * FROM items ORDER BY id")
for row in cur.fetchall():
    print([bytes(v) if isinstance(v, memoryview) else v for v in row])
print([d[:2] for d in cur.description])
try:
    cur.execute("INSERT INTO items (name) VALUES (%s)", ("it'em 1",))
except psycopg2.errors.UniqueViolation as e:
    print(e.pgcode, e.pgerror, e.diag.constraint_name)
try:
    cur.execute("SELECT 1")
except psycopg2.errors.InFailedSqlTransaction as e:
    print(e.pgcode, e)
c.rollback()
cur.execute(
    "SELECT 'NaN'::numeric, 'Infinity'::float8, 1e20::float8, 1.5::float4, '{1,2,NULL}'::int[], true, NULL, '10.0.0.1/8'::inet, interval '1 day 2 hours'"
)
print(cur.fetchall())
cur.execute("SELECT 1 AS a; SELECT 'two' AS b; UPDATE items SET price = 5 WHERE id > 1")
print(cur.rowcount, cur.statusmessage)
cur.execute("DO $$ BEGIN RAISE NOTICE 'hello %', 42; END $$")
print(c.notices)
cur.copy_expert("COPY items (name, price) FROM STDIN", io.StringIO("copied\t9.99\nanother\t\\N\n"))
out = io.StringIO()
cur.copy_expert("COPY (SELECT name, price FROM items ORDER BY id) TO STDOUT WITH CSV HEADER", out)
print(cur.rowcount, out.getvalue())
c.commit()
named = c.cursor("named", withhold=False)
named.itersize = 2
named.execute("SELECT id FROM items ORDER BY id")
print(list(named))
named.close()
c.commit()
try:
    cur.execute("SELECT * FROM nowhere")
except psycopg2.Error as e:
    print(e.pgcode, e.diag.message_primary, e.diag.statement_position)
c.rollback()
c.autocommit = True
cur.execute("LISTEN news")
cur.execute("NOTIFY news, 'extra'")
while not c.notifies:
    select.select([c], [], [], 10)
    c.poll()
print([(n.channel, n.payload) for n in c.notifies])
cur.execute("SET TIME ZONE 'Europe/Berlin'")
print(c.get_parameter_status("TimeZone"))
cur.execute("SELECT at FROM items WHERE id = 1")
print(cur.fetchone())
cur.execute("SELECT g, md5(g::text) FROM generate_series(1, 20000) g")
print(sum(len(r[1]) for r in cur))
print(c.get_transaction_status(), c.encoding)
c.close()
for user in ("md5_user", "clear_user"):
    c = psycopg2.connect(f"host=127.0.0.1 port={port} dbname=shop user={user} password=s3cret")
    cur = c.cursor()
    cur.execute("SELECT current_user")
    print(cur.fetchone())
    c.close()
try:
    psycopg2.connect(f"host=127.0.0.1 port={port} dbname=missing user=app password=s3cret")
except psycopg2.OperationalError as e:
    print(str(e).replace(str(port), "PORT"))
