"""asyncpg: everything binary, Describe before Bind, its own statement cache and cursors."""

import asyncio
import datetime
import decimal
import ipaddress
import sys
import uuid

import asyncpg

port = int(sys.argv[1])
cache = int(sys.argv[2]) if len(sys.argv) > 2 else 100
URL = f"postgres://app:s3cret@127.0.0.1:{port}/shop"


async def main():
    c = await asyncpg.connect(URL, statement_cache_size=cache)
    await c.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN pos AS int CHECK (VALUE > 0)"
    )
    await c.execute(
        "CREATE TABLE t (id bigserial PRIMARY KEY, u uuid, n numeric, f float8, b bool, d date, ts timestamp, tz timestamptz, iv interval, j jsonb, js json, raw bytea, ints int[], txts text[], m mood, p pair, net inet, ti time, tt timetz, ms mood[], pos pos, bits varbit, pt point, ch char(5), v varchar(9), o oid, r int4range)"
    )
    for i in range(4):
        row = await c.fetchrow(
            "INSERT INTO t (u, n, f, b, d, ts, tz, iv, j, js, raw, ints, txts, m, p, net, ti, tt, ms, pos, bits, pt, ch, v, o, r) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26) RETURNING *",
            uuid.UUID(int=i),
            decimal.Decimal("-10.0500") * i,
            2.5e-7 * i,
            i % 2 == 1,
            datetime.date(1999, 12, 31),
            datetime.datetime(1999, 1, 1, 0, 0, 0, i),  # noqa: DTZ001
            datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC),
            datetime.timedelta(days=-i, microseconds=17),
            '{"a": 1}',
            '{"a" :  1}',
            b"\x00\xff",
            [1, None, i],
            ["x", 'y"', "NULL"],
            "sad",
            (i, "b"),
            ipaddress.ip_network("10.0.0.0/8"),
            datetime.time(23, 59, 59),
            datetime.time(1, 2, tzinfo=datetime.UTC),
            ["ok", "sad"],
            i + 1,
            asyncpg.BitString("1010"),
            asyncpg.Point(1, 2),
            "ab",
            "cd",
            i,
            asyncpg.Range(1, 5),
        )
        print(row)
    for i in range(1, 4):
        print(
            await c.fetchval("SELECT n FROM t WHERE id = $1", i),
            await c.fetch("SELECT id, m, p FROM t WHERE id < $1 ORDER BY id", i),
        )
    async with c.transaction():
        print([r["id"] async for r in c.cursor("SELECT id FROM t ORDER BY id", prefetch=2)])
        cur = await c.cursor("SELECT id FROM t ORDER BY id DESC")
        print(await cur.fetch(3), await cur.fetch(3))
        cur = await c.cursor("SELECT g FROM generate_series(1, 100) g")
        print(await cur.fetch(2))
    try:
        async with c.transaction():
            await c.execute("UPDATE t SET b = true")
            await c.execute("INSERT INTO t (id) VALUES ($1)", 1)
    except asyncpg.UniqueViolationError as e:
        print(e.sqlstate, e.detail)
    try:
        await c.fetch("SELECT * FROM nowhere WHERE a = $1", 1)
    except asyncpg.UndefinedTableError as e:
        print(e)
    try:
        await c.fetch("SELECT 1 / $1::int", 0)
    except asyncpg.DivisionByZeroError as e:
        print(e)
    tx = c.transaction()
    await tx.start()
    for sql in ("SELECT boom", "SELECT id FROM t WHERE id = $1", "SELECT count(*) FROM t WHERE b"):
        try:
            print(await (c.fetch(sql, 1) if "$1" in sql else c.fetch(sql)))
        except asyncpg.PostgresError as e:
            print(e.sqlstate, e)
    await tx.rollback()
    st = await c.prepare("SELECT $1::int + $2::int AS s, $3::text")
    print(
        st.get_parameters(),
        st.get_attributes(),
        await st.fetch(1, 2, "x"),
        await st.fetch(3, 4, "y"),
    )
    await c.executemany(
        "INSERT INTO t (pos, v) VALUES ($1, $2)", [(i, f"v{i}") for i in range(10, 15)]
    )
    print(
        await c.copy_records_to_table("t", records=[(100, "é"), (101, None)], columns=["pos", "v"])
    )
    import io

    out = io.BytesIO()
    print(
        await c.copy_from_query(
            "SELECT id, pos, v FROM t WHERE pos >= $1 ORDER BY id", 10, output=out
        ),
        out.getvalue(),
    )
    out = io.BytesIO()
    print(
        await c.copy_from_table("t", columns=["id", "pos"], output=out, format="binary"),
        out.getvalue()[:60],
    )
    got = asyncio.Queue()
    await c.add_listener("events", lambda *a: got.put_nowait((a[2], a[3])))
    await c.execute("NOTIFY events, 'first'")
    print(await asyncio.wait_for(got.get(), 10))
    print(
        await c.fetchval("SELECT array_agg(g) FROM generate_series(1, 10) g"),
        await c.fetch("SELECT g, md5(g::text) FROM generate_series(1, 3000) g LIMIT 2"),
    )
    print(
        await c.fetch(
            "SELECT '4713-01-01 BC'::timestamp::text, 'infinity'::timestamptz, '-infinity'::date, '\\x'::bytea, ''::text, '{}'::int[], -1.5::numeric, 0::numeric, 1e-10::numeric, 123456789012345678901234567890.123::numeric"
        )
    )
    await c.close()
    async with asyncpg.create_pool(URL, min_size=2, max_size=3, statement_cache_size=cache) as pool:

        async def one(i):
            async with pool.acquire() as c:
                return await c.fetchval("SELECT count(*) FROM t WHERE id > $1", i)

        print(await asyncio.gather(*(one(i) for i in range(6))))
        print(await pool.execute("DELETE FROM t WHERE id = $1", 1))


asyncio.run(main())
