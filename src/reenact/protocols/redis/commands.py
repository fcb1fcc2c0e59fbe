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
    [
        "GET",
        "MGET",
        "STRLEN",
        "GETRANGE",
        "SUBSTR",
        "GETBIT",
        "BITCOUNT",
        "BITPOS",
        "LCS",
        "EXISTS",
        "TYPE",
        "TTL",
        "PTTL",
        "EXPIRETIME",
        "PEXPIRETIME",
        "KEYS",
        "SCAN",
        "RANDOMKEY",
        "DBSIZE",
        "OBJECT",
        "DUMP",
        "TOUCH",
        "HGET",
        "HMGET",
        "HGETALL",
        "HKEYS",
        "HVALS",
        "HLEN",
        "HEXISTS",
        "HSTRLEN",
        "HSCAN",
        "HRANDFIELD",
        "LRANGE",
        "LINDEX",
        "LLEN",
        "LPOS",
        "SMEMBERS",
        "SISMEMBER",
        "SMISMEMBER",
        "SCARD",
        "SRANDMEMBER",
        "SDIFF",
        "SINTER",
        "SUNION",
        "SINTERCARD",
        "SSCAN",
        "ZRANGE",
        "ZRANGEBYSCORE",
        "ZREVRANGE",
        "ZREVRANGEBYSCORE",
        "ZRANGEBYLEX",
        "ZRANK",
        "ZREVRANK",
        "ZSCORE",
        "ZMSCORE",
        "ZCARD",
        "ZCOUNT",
        "ZLEXCOUNT",
        "ZSCAN",
        "ZRANDMEMBER",
        "XRANGE",
        "XREVRANGE",
        "XLEN",
        "XREAD",
        "XINFO",
        "XPENDING",
        "GEOPOS",
        "GEODIST",
        "GEOHASH",
        "GEOSEARCH",
        "PFCOUNT",
        "EVAL_RO",
        "EVALSHA_RO",
        "FCALL_RO",
        "INFO",
        "TIME",
        "CONFIG",
        "SLOWLOG",
        "LATENCY",
        "MEMORY",
        "CLUSTER",
        "ROLE",
        "LASTSAVE",
        "PUBSUB",
        "ACL",
        "SCRIPT",
        "MODULE",
    ]
)
BLOCKING = frozenset(
    [
        "BLPOP",
        "BRPOP",
        "BLMOVE",
        "BRPOPLPUSH",
        "BLMPOP",
        "BZPOPMIN",
        "BZPOPMAX",
        "BZMPOP",
        "WAIT",
        "WAITAOF",
    ]
)
SUBSCRIBES = {
    "SUBSCRIBE": 1, "PSUBSCRIBE": 1, "SSUBSCRIBE": 1,
    "UNSUBSCRIBE": -1, "PUNSUBSCRIBE": -1, "SUNSUBSCRIBE": -1,
}  # fmt: skip
"""Answered once for each channel."""

DELIVERIES = frozenset({"message", "pmessage", "smessage"})


def name_of(words: list[Value]) -> str:
    return str(words[0]).upper() if words else ""


def traits_of(words: list[Value]) -> Traits:
    name = name_of(words)
    upper = {str(word).upper() for word in words[1:]}
    return Traits(
        housekeeping=name in HOUSEKEEPING or not words,  # redis ignores an empty command
        reads=name in READS,
        waits=name in BLOCKING or (name in ("XREAD", "XREADGROUP") and "BLOCK" in upper),
        opens=name in ("MULTI", "WATCH"),
        closes=name in ("EXEC", "DISCARD"),
    )
