"""redis-py's asyncio client, many commands at once on several connections: `many.py PORT RESP`."""

import asyncio
import sys

import redis.asyncio as redis

port, resp = int(sys.argv[1]), int(sys.argv[2])


async def one(r: redis.Redis, n: int) -> object:
    async with r.pipeline(transaction=n % 2 == 0) as pipe:
        said = await pipe.set(f"k{n}", n).get(f"k{n}").hset(f"h{n}", "f", n).execute()
    return said, await r.get(f"k{n}"), await r.hgetall(f"h{n}"), await r.delete(f"k{n}", f"h{n}")


async def main() -> None:
    pool = redis.BlockingConnectionPool(
        port=port, protocol=resp, password="secret", max_connections=8
    )
    r = redis.Redis(connection_pool=pool)
    waiting = asyncio.create_task(r.blpop("queue", timeout=5))
    print(await asyncio.gather(*(one(r, n) for n in range(40))))
    print(await r.rpush("queue", "work"), await waiting)
    await r.aclose()


asyncio.run(main())
