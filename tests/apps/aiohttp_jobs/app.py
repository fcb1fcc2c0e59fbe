"""Pictures: aiohttp, asyncpg, redis.asyncio; jobs go through a list to a worker process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import secrets
import sys

import aiohttp
import asyncpg
import redis.asyncio as redis
from aiohttp import web

routes = web.RouteTableDef()
DATABASE, REDIS, UPSTREAM = (
    os.environ["DATABASE_URL"],
    os.environ["REDIS_URL"],
    os.environ["UPSTREAM_URL"],
)


@routes.get("/health")
async def health(request):
    return web.json_response({"ok": True})


@routes.post("/jobs")
async def create(request):
    sent = await request.json()
    if "text" not in sent:
        raise web.HTTPBadRequest(
            text=json.dumps({"error": "text is missing"}), content_type="application/json"
        )
    key = secrets.token_hex(8)
    async with request.app["db"].acquire() as db, db.transaction():
        await db.execute(
            "INSERT INTO jobs (key, text, state) VALUES ($1, $2, 'queued')", key, sent["text"]
        )
        await db.execute("INSERT INTO audit (what, key) VALUES ('queued', $1)", key)
    await request.app["redis"].lpush("jobs", json.dumps({"key": key}))
    return web.json_response({"key": key}, status=202, headers={"Location": f"/jobs/{key}"})


@routes.get("/jobs/{key}")
async def read(request):
    row = await request.app["db"].fetchrow(
        "SELECT key, text, state, result FROM jobs WHERE key = $1", request.match_info["key"]
    )
    if row is None:
        raise web.HTTPNotFound()
    return web.json_response(dict(row))


@routes.get("/jobs/{key}/wait")
async def wait(request):
    found = await request.app["redis"].brpop(f"done:{request.match_info['key']}", timeout=10)
    if found is None:
        raise web.HTTPGatewayTimeout()
    return web.json_response(json.loads(found[1]))


@routes.delete("/jobs/{key}")
async def remove(request):
    done = await request.app["db"].execute(
        "DELETE FROM jobs WHERE key = $1", request.match_info["key"]
    )
    if done == "DELETE 0":
        raise web.HTTPNotFound()
    await request.app["redis"].hincrby("stats", "removed", 1)
    return web.Response(status=204)


@routes.get("/jobs")
async def listing(request):
    rows = await request.app["db"].fetch("SELECT text, state FROM jobs ORDER BY text")
    return web.json_response([dict(row) for row in rows])


@routes.get("/stream")
async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    async with request.app["db"].acquire() as db, db.transaction():
        async for row in db.cursor("SELECT text FROM jobs ORDER BY text", prefetch=2):
            await response.write(json.dumps(dict(row)).encode() + b"\n")
    await response.write_eof()
    return response


@routes.get("/rates")
async def rates(request):
    async with request.app["http"].get(
        f"{UPSTREAM}/rates", params={"currency": request.query.get("of", "USD")}
    ) as answer:
        if answer.status != 200:
            raise web.HTTPBadGateway()
        return web.json_response(await answer.json())


async def resources(app):
    app["db"] = await asyncpg.create_pool(DATABASE, min_size=1, max_size=4)
    app["redis"] = redis.from_url(REDIS, decode_responses=True)
    app["http"] = aiohttp.ClientSession()
    yield
    await app["http"].close()
    await app["redis"].aclose()
    await app["db"].close()


async def work():
    db, store = await asyncpg.connect(DATABASE), redis.from_url(REDIS, decode_responses=True)
    async with aiohttp.ClientSession() as http:
        while True:
            found = await store.brpop("jobs", timeout=2)
            if found is None:
                continue
            key = json.loads(found[1])["key"]
            text = await db.fetchval(
                "UPDATE jobs SET state = 'working' WHERE key = $1 RETURNING text", key
            )
            async with http.post(f"{UPSTREAM}/notify", json={"text": text}) as answer:
                receipt = (await answer.json())["id"]
            result = {"upper": text.upper(), "length": len(text)}
            await db.execute(
                "UPDATE jobs SET state = 'done', result = $2, receipt = $3 WHERE key = $1",
                key,
                json.dumps(result),
                receipt,
            )
            await store.lpush(f"done:{key}", json.dumps(result))
            await store.expire(f"done:{key}", 60)


def worker():
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work())


if __name__ == "__main__":
    multiprocessing.Process(target=worker, daemon=True).start()
    app = web.Application()
    app.add_routes(routes)
    app.cleanup_ctx.append(resources)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
