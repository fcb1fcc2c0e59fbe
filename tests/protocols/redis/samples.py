"""Conversations as redis 7.0.15 holds them (written down from its replies)."""

from __future__ import annotations

from reenact.model.segment import Side

C, S = Side.CLIENT, Side.SERVER


def said(*words: str | bytes) -> bytes:
    """A command as clients write it."""
    data = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in data)


SAMPLES = {
    "resp2": [
        (C, said("AUTH", "secret")),
        (S, b"+OK\r\n"),
        (C, said("SET", "k", b"\xff\x00\r\n") + said("GET", "k") + said("GET", "none")),
        (S, b"+OK\r\n$4\r\n\xff\x00\r\n\r\n$-1\r\n"),
        (C, said("INCR", "n") + said("LRANGE", "l", "0", "-1") + said("NOPE")),
        (S, b":-7\r\n*0\r\n-ERR unknown command 'NOPE', with args beginning with: \r\n"),
        (C, said("BLPOP", "l", "1")),
        (S, b"*-1\r\n"),
        (C, said("EVAL", "return {1,{2,'x'}}", "0")),
        (S, b"*2\r\n:1\r\n*2\r\n:2\r\n$1\r\nx\r\n"),
    ],
    "transaction": [
        (C, said("WATCH", "k") + said("MULTI") + said("SET", "k", "1") + said("EXEC")),
        (S, b"+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n"),
        (C, said("WATCH", "k")),
        (S, b"+OK\r\n"),
        (C, said("MULTI") + said("GET", "k") + said("EXEC")),
        (S, b"+OK\r\n+QUEUED\r\n*-1\r\n"),
    ],
    "resp3": [
        (C, said("HELLO", "3", "AUTH", "default", "secret")),
        (S, b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"),
        (C, said("HGETALL", "h") + said("SMEMBERS", "s") + said("ZSCORE", "z", "m")),
        (S, b"%1\r\n+a\r\n:1\r\n~1\r\n$1\r\nm\r\n,1.5\r\n"),
        (C, said("GET", "none") + said("EVAL", "...", "0") + said("LOLWUT")),
        (S, b"_\r\n#t\r\n=7\r\ntxt:owl\r\n"),
        (C, said("DEBUG", "PROTOCOL", "bignum") + said("DEBUG", "PROTOCOL", "attrib")),
        (S, b"(1234567999999999999999999999999999999\r\n|1\r\n$1\r\nk\r\n*2\r\n:1\r\n,-inf\r\n$2\r\nok\r\n"),
        (C, said("FCALL", "f", "0")),
        (S, b"!9\r\nERR wrong\r\n"),
        (C, said("CLIENT", "TRACKING", "ON") + said("GET", "k")),
        (S, b"+OK\r\n$1\r\nv\r\n"),
        (S, b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"),
        (C, said("SUBSCRIBE", "a", "b")),
        (S, b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
        (S, b">3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$2\r\nhi\r\n"),
        (C, said("LRANGE", "l", "0", "-1")),
        (S, b"*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$2\r\nhi\r\n"),
    ],
    "subscriber": [
        (C, said("SUBSCRIBE", "a", "b") + said("PSUBSCRIBE", "n.*")),
        (S, b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
        (S, b"*3\r\n$10\r\npsubscribe\r\n$3\r\nn.*\r\n:3\r\n"),
        (S, b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n"),
        (S, b"*4\r\n$8\r\npmessage\r\n$3\r\nn.*\r\n$3\r\nn.x\r\n$3\r\ntwo\r\n"),
        (C, said("PING")),
        (S, b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        (C, said("UNSUBSCRIBE")),
        (S, b"*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n"),
        (C, said("PUNSUBSCRIBE", "n.*") + said("UNSUBSCRIBE")),
        (S, b"*3\r\n$12\r\npunsubscribe\r\n$3\r\nn.*\r\n:0\r\n*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"),
    ],
    "silence": [
        (C, said("CLIENT", "REPLY", "SKIP") + said("SET", "k", "1") + said("GET", "k")),
        (S, b"$1\r\n1\r\n"),
        (C, said("CLIENT", "REPLY", "OFF") + said("SET", "k", "2")),
        (C, said("CLIENT", "REPLY", "ON")),
        (S, b"+OK\r\n"),
    ],
    "inline": [
        (C, b"PING\r\n"),
        (S, b"+PONG\r\n"),
        (C, b"\r\nSET k \"a b\\x00\" \nGET 'k'\r\n*0\r\n"),
        (S, b"+OK\r\n$4\r\na b\x00\r\n"),
    ],
    "databases": [
        (C, said("SELECT", "3") + said("GET", "k")),
        (S, b"+OK\r\n$5\r\nthree\r\n"),
        (C, said("SELECT", "0") + said("GET", "k")),
        (S, b"+OK\r\n$4\r\nzero\r\n"),
    ],
}  # fmt: skip
