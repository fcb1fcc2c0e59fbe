"""pg8000: text parameters without types, unnamed and named statements."""

import datetime
import decimal
import io
import sys

import pg8000.dbapi
import pg8000.native

port = int(sys.argv[1])
c = pg8000.native.Connection("app", host="127.0.0.1", port=port, database="shop", password="s3cret")
c.run(
    "CREATE TABLE t (id serial PRIMARY KEY, name text, n numeric, at timestamptz, raw bytea, j jsonb, tags text[], b bool, d date)"
)
print(
    c.run(
        "INSERT INTO t (name, n, at, raw, j, tags, b, d) VALUES (:a, :n, :at, :r, :j, :t, :b, :d) RETURNING *",
        a="x",
        n=decimal.Decimal("1.50"),
        at=datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        r=b"\x01\x00",
        j='{"a": 2}',
        t=["p", "q r"],
        b=True,
        d=datetime.date(2020, 2, 29),
    )
)
c.run("START TRANSACTION")
print(c.run("SELECT * FROM t WHERE id = :i", i=1), c.columns[0]["name"], c.row_count)
try:
    c.run("SELECT nothing FROM t")
except pg8000.exceptions.DatabaseError as e:
    print(e.args[0]["C"], e.args[0]["M"])
c.run("ROLLBACK")
ps = c.prepare("SELECT CAST(:v AS int) * 2")
print(ps.run(v=4), ps.run(v=5))
ps.close()
c.run("COPY t (name) FROM STDIN", stream=io.BytesIO(b"one\ntwo\n"))
out = io.BytesIO()
c.run("COPY t (id, name) TO STDOUT", stream=out)
print(out.getvalue())
print(c.run("SELECT 1; SELECT 2"), list(c.parameter_statuses)[:1])
c.run("LISTEN ch")
c.run("NOTIFY ch, 'yes'")
c.run("SELECT 3")
print([(n[1], n[2]) for n in c.notifications])
c.close()
d = pg8000.dbapi.connect("app", host="127.0.0.1", port=port, database="shop", password="s3cret")
cur = d.cursor()
cur.executemany("INSERT INTO t (name) VALUES (%s)", [("m1",), ("m2",)])
cur.execute("SELECT name FROM t WHERE id > %s ORDER BY id", (1,))
print(cur.fetchall())
d.commit()
d.close()
