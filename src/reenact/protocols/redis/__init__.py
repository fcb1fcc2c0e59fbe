"""Redis: RESP2 and RESP3. README.md shows the trees and what is not covered."""

from __future__ import annotations

import re

from reenact.model.protocol import Confidence, ProtocolPlugin
from reenact.model.segment import Flow, Side
from reenact.protocols.framing import FramedCodec
from reenact.protocols.redis.commands import KNOWN, always
from reenact.protocols.redis.frame import RespFramer
from reenact.protocols.redis.match import RedisMatcher
from reenact.protocols.redis.messages import Frame, FrameEncoder, parse
from reenact.protocols.redis.pair import RedisPairer
from reenact.protocols.redis.respond import RedisResponder
from reenact.protocols.redis.sequences import drawn

LIMIT = 512 * 1024 * 1024
"""redis' `proto-max-bulk-len` by default (redis.conf); a server may be configured higher."""

_COMMAND = re.compile(rb"\*\d{1,7}\r\n\$\d{1,9}\r\n")
_BEGUN = re.compile(rb"\*(\d{1,7}(\r(\n(\$(\d{1,9}(\r)?)?)?)?)?)?")
_TYPED = re.compile(rb"([A-Za-z]+)( [^\n]*)?\r?\n")
_REPLY = re.compile(rb"\+[^ \r\n]*(\r|$)|-|[:,(]-?\d|[$*]-?\d|[%~>|=!]\d|#[tf]|_\r")


INLINE_SHOWN = 64
"""Bytes of a line looked at; no command's name is longer."""


def detect(flow: Flow, client: bytes, server: bytes) -> Confidence:
    if not client:
        return Confidence.NO if server else Confidence.WAIT
    if _COMMAND.match(client):
        return Confidence.SURE
    if _BEGUN.fullmatch(client):
        return Confidence.WAIT
    if _typed(client, server):
        return Confidence.LIKELY
    return Confidence.WAIT if not server and _typing(client) else Confidence.NO


def _typing(client: bytes) -> bool:
    """Whether it may become an inline command that is known."""
    word, space, _ = client[:INLINE_SHOWN].partition(b" ")
    if b"\n" in client or not word.removesuffix(b"\r").isalpha():
        return False
    name = word.removesuffix(b"\r").decode().upper()
    if space or word.endswith(b"\r"):
        return name in KNOWN
    return any(known.startswith(name) for known in KNOWN)


def _typed(client: bytes, server: bytes) -> bool:
    """Whether it begins with an inline command that is known, and a reply if there is one."""
    line = _TYPED.match(client)
    if line is None or b" HTTP/" in line[0]:
        return False
    known = line[1].decode().upper() in KNOWN
    return known and (not server or _REPLY.match(server) is not None)


def codec() -> FramedCodec:
    framers = (RespFramer(Side.CLIENT, LIMIT), RespFramer(Side.SERVER, LIMIT))
    return FramedCodec(framers, parse, LIMIT)


PLUGIN = ProtocolPlugin(
    name="redis",
    payloads=(Frame,),
    detect=detect,
    codec=lambda flow: codec(),
    encoder=lambda flow, side: FrameEncoder(),
    pairer=RedisPairer,
    matcher=RedisMatcher(),
    recall=lambda interactions: None,
    responder=lambda flow, recalled: RedisResponder(codec()),
    buffer_limit=LIMIT,
    drawn=drawn,
    always=always,
)
