"""redis-py: `sync.py PORT RESP`."""

import sys

import redis

port, resp = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=resp, password="secret", health_check_interval=30)


def attempt(call):
    try:
        return call()
    except redis.RedisError as error:
        return f"{type(error).__name__}: {error}"


print(r.flushall(), r.set("text", "caf\u00e9"), r.get("text"), r.get("none"))
print(r.set("binary", bytes(range(256))), r.get("binary") == bytes(range(256)))
print(
    r.set("big", b"x\r\n" * 700_000),
    len(r.get("big")),
    hash(r.get("big")) == hash(b"x\r\n" * 700_000),
)
print(r.set("empty", ""), r.get("empty"), r.incr("n"), r.incrbyfloat("f", 1.5), r.ttl("n"))
print(attempt(lambda: r.lpush("text", 1)), attempt(lambda: r.execute_command("NOPE", "x")))
print(r.hset("h", mapping={"a": 1, "b": "2"}), r.hgetall("h"), r.hmget("h", "a", "z"))
print(r.sadd("s", "one"), r.smembers("s"), r.sismember("s", "one"))
print(r.zadd("z", {"m": 1.5, "n": 2}), r.zrange("z", 0, -1, withscores=True), r.zscore("z", "m"))
print(
    r.rpush("l", "a", "b"),
    r.lrange("l", 0, -1),
    r.blpop("l", timeout=1),
    r.blpop("none", timeout=0.1),
)
print(r.xadd("x", {"k": "v"}, id="1-1"), r.xread({"x": "0"}, block=100), r.xrange("x"))
print(r.xread({"x": "$"}, block=10), r.geoadd("g", (13.361389, 38.115556, "p")), r.geopos("g", "p"))

with r.pipeline() as pipe:
    print(pipe.set("a", 1).incr("a").get("a").hgetall("h").execute())
with r.pipeline(transaction=False) as pipe:
    print(pipe.get("a").lpush("text", "x").get("none").execute(raise_on_error=False))
with r.pipeline() as pipe:
    pipe.watch("a")
    r.set("a", "changed")
    pipe.multi()
    pipe.get("a")
    print(attempt(pipe.execute))
with r.pipeline() as pipe:
    pipe.multi()
    pipe.execute_command("NOPE")
    print(attempt(pipe.execute))

print(
    r.eval("return {1, 'two', {3, false}}", 0), r.eval("return redis.call('get', KEYS[1])", 1, "a")
)
script = r.register_script("return ARGV[1] .. KEYS[1]")
print(script(keys=["k"], args=["v"]), script(keys=["k"], args=["w"]))
print(attempt(lambda: r.eval("return redis.error_reply('MY error')", 0)))

other = redis.Redis(port=port, protocol=resp, password="secret", db=3)
print(other.set("text", "of three"), other.get("text"), r.get("text"))
print(list(r.scan_iter("h*")), r.type("h"), r.object("encoding", "n"), r.dbsize())
