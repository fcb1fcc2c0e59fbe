"""psycopg 3: extended queries, binary, server-side preparation, pipelines, cursors, COPY."""

import datetime
import decimal
import sys
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

port = int(sys.argv[1])
threshold = int(sys.argv[2]) if len(sys.argv) > 2 else 5
c = psycopg.connect(
    f"host=127.0.0.1 port={port} dbname=shop user=app password=s3cret", prepare_threshold=threshold
)
cur = c.cursor()
cur.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
cur.execute(
    "CREATE TABLE t (id bigserial PRIMARY KEY, u uuid, n numeric, f float8, b bool, d date, ts timestamp, tz timestamptz, iv interval, j jsonb, raw bytea, ints int[], txts text[], m mood, small int2, r float4, ti time, net inet, mac macaddr)"
)
for i in range(8):
    cur.execute(
        "INSERT INTO t (u, n, f, b, d, ts, tz, iv, j, raw, ints, txts, m, small, r, ti, net, mac) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) RETURNING id",
        (
            uuid.UUID(int=i),
            decimal.Decimal("123.4500") * i,
            1.5 * i,
            i % 2 == 0,
            datetime.date(2024, 1, 1 + i),
            datetime.datetime(2024, 1, 1, 12, i),  # noqa: DTZ001
            datetime.datetime(2024, 1, 1, 12, i, tzinfo=datetime.UTC),
            datetime.timedelta(days=i, seconds=5),
            Jsonb({"k": i}),
            bytes([0, i, 255]),
            [i, None, 3],
            ["a,b", 'q"x', ""],
            "ok",
            i,
            0.1 * i,
            datetime.time(1, 2, 3, i),
            "10.1.0.0/16",
            "08:00:2b:01:02:03",
        ),
    )
    print(cur.fetchone())
c.commit()
for binary in (False, True):
    with c.cursor(binary=binary, row_factory=dict_row) as q:
        for i in (1, 2, 3, 1, 1, 1, 1):
            q.execute("SELECT * FROM t WHERE id = %s", (i,))
            print(q.fetchall())
        q.execute(
            "SELECT %b::int4 + 1 AS a, %b::text AS b, 'NaN'::numeric AS n, -0.00012::numeric AS m, 1e10::numeric(20,3) AS big, ARRAY[[1,2],[3,4]] AS dim, NULL::int AS nul, '294276-01-01'::date::text AS far, point(1,2) AS p",
            (41, "x"),
        )
        print(q.fetchall())
with c.pipeline():
    for i in range(5):
        cur.execute("UPDATE t SET f = f + %s WHERE id = %s", (i, i))
    a = c.execute("SELECT sum(f) FROM t")
    b = c.execute("SELECT count(*) FROM t WHERE f > %s", (3,))
print(a.fetchone(), b.fetchone())
c.commit()
try:
    with c.pipeline():
        c.execute("INSERT INTO t (id) VALUES (1000)")
        c.execute("INSERT INTO t (id) VALUES (1000)")
        c.execute("INSERT INTO t (id) VALUES (1001)")
except psycopg.Error as e:
    print(type(e).__name__, e.sqlstate, e.diag.message_detail)
c.rollback()
print(c.execute("SELECT count(*) FROM t").fetchone())
with c.cursor(name="srv") as srv:
    srv.itersize = 3
    srv.execute("SELECT id, f FROM t ORDER BY id")
    print(list(srv))
with c.cursor() as q:
    with q.copy("COPY t (f, small) FROM STDIN") as copy:
        for i in range(3):
            copy.write_row((i * 1.5, i))
    with q.copy("COPY (SELECT id, small FROM t ORDER BY id) TO STDOUT") as copy:
        print(list(copy.rows()))
    with q.copy(
        "COPY (SELECT id, small FROM t WHERE id > %s ORDER BY id) TO STDOUT (FORMAT BINARY)", (6,)
    ) as copy:
        copy.set_types(["int8", "int2"])
        print(list(copy.rows()))
    with q.copy("COPY t (id, small) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "int2"])
        copy.write_row((5000, 7))
    try:
        with c.transaction(), q.copy("COPY t (id) FROM STDIN") as copy:
            copy.write("1\n")
    except psycopg.Error as e:
        print(e.sqlstate, e.diag.context)
c.commit()
with c.transaction():
    c.execute("INSERT INTO t (small) VALUES (%s)", (77,))
    try:
        with c.transaction():
            c.execute("INSERT INTO t (small) VALUES (%s)", (78,))
            raise psycopg.Rollback
    except psycopg.Rollback:
        pass
    try:
        with c.transaction():
            c.execute("SELECT 1/%s::int", (0,))
    except psycopg.Error as e:
        print(e.sqlstate, e)
print(c.execute("SELECT small FROM t WHERE small > 70").fetchall())
for _ in range(2):
    try:
        c.execute("SELECT * FROM later WHERE id = %s", (1,))
        print("found")
    except psycopg.Error as e:
        print(e.sqlstate)
        c.rollback()
        c.execute("CREATE TABLE later (id int)")
        c.commit()
cur.executemany("INSERT INTO later VALUES (%s)", [(i,) for i in range(4)])
print(cur.rowcount)
c.commit()
c.autocommit = True
c.execute("LISTEN chan")
c.execute("SELECT pg_notify('chan', 'pay load')")
for n in c.notifies(timeout=10, stop_after=1):
    print(n.channel, n.payload)
print(
    c.execute("SELECT g, repeat('x', g %% 50) FROM generate_series(1, %s) g", (5000,)).fetchall()[
        -1
    ]
)
print(c.execute("").description, c.execute("SELECT 1; SELECT 2", prepare=False).fetchall())
print(list(c.cursor().stream("SELECT generate_series(1, %s)", (4,))))
if threshold != 5:
    c.execute("DEALLOCATE ALL")
c.close()
