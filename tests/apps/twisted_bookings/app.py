"""Bookings: Twisted with klein, psycopg2 through adbapi's thread pool, treq."""

from __future__ import annotations

import json
import os
import sys
import uuid
from datetime import UTC, datetime

import psycopg2.errors
import redis
import treq
from klein import Klein
from twisted.enterprise import adbapi
from twisted.internet import defer, reactor, task, threads
from twisted.web.server import Site

UPSTREAM = os.environ["UPSTREAM_URL"]
app = Klein()
pool = adbapi.ConnectionPool(
    "psycopg2", os.environ["DATABASE_URL"], cp_min=1, cp_max=4, cp_reconnect=True
)
store = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


def reply(request, body, status=200, **headers):
    request.setResponseCode(status)
    request.setHeader("Content-Type", "application/json")
    for name, value in headers.items():
        request.setHeader(name.replace("_", "-"), value)
    return json.dumps(body, default=str).encode()


class Denied(Exception):
    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


@app.handle_errors(Denied)
def denied(request, failure):
    return reply(request, {"error": str(failure.value)}, failure.value.status)


def who(request):
    session = request.getCookie(b"session")
    name = store.get(f"session:{session.decode()}") if session else None
    if name is None:
        raise Denied(401, "log in first")
    return name


@app.route("/health")
def health(request):
    return reply(request, {"ok": True})


@app.route("/login", methods=["POST"])
@defer.inlineCallbacks
def login(request):
    sent = json.load(request.content)
    rows = yield pool.runQuery("SELECT name, crypt_ok FROM people WHERE name = %s", (sent["name"],))
    if not rows or sent["password"] != rows[0][1]:
        raise Denied(401, "wrong name or password")
    session = uuid.uuid4().hex
    yield threads.deferToThread(store.setex, f"session:{session}", 3600, sent["name"])
    request.addCookie("session", session, path="/", httpOnly=True)
    return reply(request, {"name": sent["name"]})


@app.route("/rooms")
@defer.inlineCallbacks
def rooms(request):
    rows = yield pool.runQuery("SELECT id, name, seats, price FROM rooms ORDER BY id")
    return reply(
        request,
        [dict(zip(("id", "name", "seats", "price"), row, strict=True)) for row in rows],
        Cache_Control="max-age=60",
    )


def book(cursor, name, sent):
    cursor.execute("SELECT price FROM rooms WHERE id = %s FOR UPDATE", (sent["room"],))
    found = cursor.fetchone()
    if found is None:
        raise Denied(404, "no such room")
    cursor.execute(
        "SELECT count(*) FROM bookings WHERE room_id = %s AND day = %s", (sent["room"], sent["day"])
    )
    if cursor.fetchone()[0]:
        raise Denied(409, "taken")
    code = uuid.uuid4()
    cursor.execute(
        "INSERT INTO bookings (code, room_id, day, person, price, made_at) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (str(code), sent["room"], sent["day"], name, found[0], datetime.now(UTC)),
    )
    return {"id": cursor.fetchone()[0], "code": code, "price": found[0]}


@app.route("/bookings", methods=["POST"])
@defer.inlineCallbacks
def create(request):
    name = who(request)
    made = yield pool.runInteraction(book, name, json.load(request.content))
    request.notifyFinish().addErrback(lambda _: None)
    reactor.callLater(0, confirm, made)
    return reply(request, made, 201, Location=f"/bookings/{made['id']}")


@defer.inlineCallbacks
def confirm(made):
    answer = yield treq.post(f"{UPSTREAM}/notify", json={"code": str(made["code"])})
    receipt = (yield answer.json())["id"]
    yield pool.runOperation("UPDATE bookings SET receipt = %s WHERE id = %s", (receipt, made["id"]))


@app.route("/bookings/<int:id>", methods=["GET"])
@defer.inlineCallbacks
def read(request, id):
    name = who(request)
    rows = yield pool.runQuery(
        "SELECT code, room_id, day, price, made_at FROM bookings WHERE id = %s AND person = %s",
        (id, name),
    )
    if not rows:
        raise Denied(404, "no such booking")
    return reply(
        request, dict(zip(("code", "room", "day", "price", "made_at"), rows[0], strict=True))
    )


@app.route("/bookings/<int:id>/price", methods=["GET"])
@defer.inlineCallbacks
def price(request, id):
    who(request)
    rows = yield pool.runQuery("SELECT price FROM bookings WHERE id = %s", (id,))
    if not rows:
        raise Denied(404, "no such booking")
    currency = request.args.get(b"in", [b"EUR"])[0].decode()
    answer = yield treq.get(f"{UPSTREAM}/rates", params={"currency": currency})
    if answer.code != 200:
        raise Denied(502, "no rate")
    rate = (yield answer.json())["rate"]
    return reply(
        request, {"currency": currency, "price": round(float(rows[0][0]) * float(rate), 2)}
    )


@app.route("/bookings/<int:id>", methods=["PUT"])
@defer.inlineCallbacks
def move(request, id):
    name = who(request)
    sent = json.load(request.content)
    try:
        yield pool.runOperation(
            "UPDATE bookings SET day = %s WHERE id = %s AND person = %s", (sent["day"], id, name)
        )
    except psycopg2.errors.UniqueViolation:
        raise Denied(409, "taken") from None
    except psycopg2.errors.InvalidDatetimeFormat:
        raise Denied(400, "not a day") from None
    return reply(request, {"id": id, "day": sent["day"]})


@app.route("/bookings/<int:id>", methods=["DELETE"])
@defer.inlineCallbacks
def cancel(request, id):
    name = who(request)
    yield pool.runOperation("DELETE FROM bookings WHERE id = %s AND person = %s", (id, name))
    request.setResponseCode(204)
    return b""


@app.route("/report")
@defer.inlineCallbacks
def report(request):
    who(request)
    rows = yield pool.runQuery("SELECT day, room_id, price FROM bookings ORDER BY day, room_id")
    request.setHeader("Content-Type", "text/csv")
    for day, room, price in rows:
        request.write(f"{day},{room},{price}\n".encode())
        yield task.deferLater(reactor, 0.005)
    return b""


def tick():
    return pool.runOperation("INSERT INTO beats (at) VALUES (now())")


task.LoopingCall(tick).start(0.7)
reactor.listenTCP(int(sys.argv[1]), Site(app.resource()), interface="127.0.0.1")
reactor.run()
