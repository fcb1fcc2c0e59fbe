"""What is known of Redis' commands (redis.io/commands, 7.4)."""

from __future__ import annotations

from reenact.model.protocol import Traits
from reenact.model.value import Value

HOUSEKEEPING = frozenset(
    {
        "HELLO", "AUTH", "SELECT", "QUIT", "RESET",  # who and what a connection is
        "CLIENT",  # its name, its library, tracking
        "COMMAND",  # clients ask for the command table
        "PING", "ECHO",  # is it still there
        "READONLY", "READWRITE", "ASKING",  # cluster connections
    }
)  # fmt: skip

READS = frozenset(
    """
    GET MGET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS BITFIELD_RO LCS
    EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME KEYS SCAN RANDOMKEY DBSIZE DUMP TOUCH SORT_RO
    HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HSCAN HRANDFIELD HTTL HPTTL HEXPIRETIME HPEXPIRETIME
    LRANGE LINDEX LLEN LPOS
    SMEMBERS SISMEMBER SMISMEMBER SCARD SRANDMEMBER SDIFF SINTER SUNION SINTERCARD SSCAN
    ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZRANK ZREVRANK ZSCORE ZMSCORE
    ZCARD ZCOUNT ZLEXCOUNT ZSCAN ZRANDMEMBER ZDIFF ZINTER ZINTERCARD ZUNION
    XRANGE XREVRANGE XLEN XREAD XINFO XPENDING
    GEOPOS GEODIST GEOHASH GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO PFCOUNT
    EVAL_RO EVALSHA_RO FCALL_RO
    INFO TIME ROLE LASTSAVE PUBSUB OBJECT LOLWUT
    JSON.GET JSON.MGET JSON.TYPE JSON.STRLEN JSON.ARRLEN JSON.ARRINDEX JSON.OBJLEN JSON.OBJKEYS
    FT.SEARCH FT.INFO FT._LIST FT.EXPLAIN TS.GET TS.MGET TS.RANGE TS.MRANGE TS.INFO
    BF.EXISTS BF.MEXISTS BF.INFO CF.EXISTS CF.COUNT
    """.split()  # noqa: SIM905, a table reads better than a list of 150 lines
)

READING_PARTS = {
    "ACL": {"WHOAMI", "LIST", "USERS", "GETUSER", "CAT", "DRYRUN"},
    "CLUSTER": {"INFO", "NODES", "SLOTS", "SHARDS", "MYID", "KEYSLOT", "COUNTKEYSINSLOT", "LINKS"},
    "CONFIG": {"GET"},
    "FUNCTION": {"LIST", "DUMP", "STATS"},
    "LATENCY": {"LATEST", "HISTORY", "HISTOGRAM", "DOCTOR", "GRAPH"},
    "MEMORY": {"USAGE", "STATS", "DOCTOR"},
    "MODULE": {"LIST"},
    "SCRIPT": {"EXISTS"},
    "SLOWLOG": {"GET", "LEN"},
}
"""Of commands that are several, the parts that change nothing."""

BLOCKING = frozenset(
    "BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF".split()  # noqa: SIM905
)

SUBSCRIBES = {
    "SUBSCRIBE": 1, "PSUBSCRIBE": 1, "SSUBSCRIBE": 1,
    "UNSUBSCRIBE": -1, "PUNSUBSCRIBE": -1, "SUNSUBSCRIBE": -1,
}  # fmt: skip
"""Answered once for each channel."""

KNOWN = (READS | HOUSEKEEPING | BLOCKING | SUBSCRIBES.keys() | READING_PARTS.keys()) | frozenset(
    """
    SET SETNX SETEX PSETEX MSET GETSET GETDEL APPEND INCR INCRBY DECR DECRBY DEL UNLINK EXPIRE PEXPIRE PERSIST
    RENAME HSET HMSET HDEL HINCRBY LPUSH RPUSH LPOP RPOP LREM LSET LTRIM SADD SREM SPOP ZADD ZREM ZINCRBY
    XADD XDEL PUBLISH EVAL EVALSHA MULTI EXEC DISCARD WATCH UNWATCH MONITOR FLUSHDB FLUSHALL
    """.split()  # noqa: SIM905
)
"""Enough of the commands to tell an inline one from a line of another protocol."""

DELIVERIES = frozenset({"message", "pmessage", "smessage"})


def always(request: Value) -> Value:
    """What any server answers: PONG to PING, the word to PING and ECHO with one (redis.io/commands/ping)."""
    words = request.get("command") if isinstance(request, dict) and "reply" not in request else None
    match words if isinstance(words, list) else []:
        case [name] if str(name).upper() == "PING":
            return {"simple": "PONG"}
        case [name, word] if str(name).upper() in ("PING", "ECHO"):
            return word
    return None


def name_of(words: list[Value]) -> str:
    return str(words[0]).upper() if words else ""


def traits_of(words: list[Value]) -> Traits:
    name = name_of(words)
    upper = [str(word).upper() for word in words[1:]]
    return Traits(
        housekeeping=name in HOUSEKEEPING or not words,  # redis ignores an empty command
        reads=name in READS or not READING_PARTS.get(name, frozenset()).isdisjoint(upper[:1]),
        waits=name in BLOCKING or (name in ("XREAD", "XREADGROUP") and "BLOCK" in upper),
        opens=name in ("MULTI", "WATCH"),
        closes=name in ("EXEC", "DISCARD", "UNWATCH"),
    )
