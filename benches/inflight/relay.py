"""`python -m benches.inflight.relay PLAN [SITE]`: a service with a relay on every side of it.

Both are JSON files: `plan.Plan` and `sites.Site`. Listens for callers once the service does. Without SITE nothing is
changed, with it exactly one message is. A SITE of `{"observe": true}` tells every message and what could
be changed in it. What is told goes to stderr, a line each, with `MARK` before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import ssl
import sys
import traceback
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benches.inflight import alter, wire
from benches.inflight.alter import Change, Changes
from benches.inflight.plan import Back, Plan

MARK = "@inflight "
TOLD = 400
"""So many changes of one message are told at most."""

POLL_SECONDS = 0.02
Writer = asyncio.StreamWriter
Reader = asyncio.StreamReader


def tell(**what: Any) -> None:
    os.write(2, (MARK + json.dumps(what) + "\n").encode())


class Sites:
    """Which message is the one to change."""

    def __init__(self, site: dict[str, Any]) -> None:
        self.site = site
        self.observing = bool(site.get("observe"))
        self.wanted = (site.get("request"), site.get("shape"), site.get("nth"))
        self.requests = 0
        self.seen: Counter[str] = Counter()
        self.done = False

    def asked(self, start: str) -> None:
        self.requests += 1
        self.seen.clear()
        if self.observing:
            tell(request=self.requests, start=start)

    def here(self, shape: str, changes: Callable[[], Changes]) -> tuple[int, Change | None]:
        """Which of its shape it is, and the change to make to it."""
        self.seen[shape] += 1
        nth = self.seen[shape]
        if self.observing:
            told = [(change.name, change.was) for change in changes()]
            told = told[:: len(told) // TOLD + 1]
            tell(request=self.requests, shape=shape, nth=nth, changes=told)
        if self.done or self.wanted != (self.requests, shape, nth):
            return nth, None
        name = self.site["change"]
        return nth, next((change for change in changes() if change.name == name), None)

    def made(self, before: bytes, after: bytes) -> None:
        self.done = True
        at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
        around = slice(max(at - 40, 0), at + 40)
        tell(done=True, before=repr(before[around]), after=repr(after[around]))

    def answered(self, request: int, shape: str, nth: int, answer: bytes) -> None:
        if self.observing:
            tell(request=request, shape=shape, nth=nth, answer=answer.hex())


@dataclass
class Batch:
    """PostgreSQL messages that are answered by one ReadyForQuery."""

    request: int
    shape: str
    nth: int
    swallowed: bool = False


@dataclass
class Pending:
    """Batches whose answers are still to come."""

    batches: deque[Batch] = field(default_factory=deque)
    none: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.none.clear()

    def done(self) -> Batch:
        batch = self.batches.popleft()
        if not self.batches:
            self.none.set()
        return batch


class Relay:
    def __init__(self, plan: Plan, site: dict[str, Any]) -> None:
        self.plan = plan
        self.sites = Sites(site)

    # -- callers ---------------------------------------------------------------------------

    async def front(self, reader: Reader, writer: Writer) -> None:
        service, out = await asyncio.open_connection("127.0.0.1", self.plan.inner)
        while (request := await wire.read_http(reader)) is not None:
            method, target, _ = request.start.split(" ")
            self.sites.asked(request.start)
            out.write(request.encode())
            while (response := await wire.read_http(service, method)) is not None:
                writer.write(self._response(f"< {method} {rough(target)}", response))
                await writer.drain()
                if response.start.split()[1] != "100":
                    break
            if response is None or response.framed == "close":
                break
        out.close()

    def _response(self, shape: str, response: wire.Http) -> bytes:
        _, change = self.sites.here(shape, lambda: alter.response(response))
        return self._changed(change, response.encode(), wire.Http.encode)

    def _changed(
        self, change: Change | None, whole: bytes, encode: Callable[[Any], bytes]
    ) -> bytes:
        if change is None:
            return whole
        new = encode(change.make())
        self.sites.made(whole, new)
        return new

    # -- dependencies ----------------------------------------------------------------------

    async def http(self, reader: Reader, writer: Writer, back: Back) -> None:
        upstream, out = await _dial(back)
        while (request := await wire.read_http(reader)) is not None:
            request = _named(request, back)
            method, target, _ = request.start.split(" ")

            async def ask(data: bytes, method: str = method) -> bytes:
                out.write(data)
                response = await wire.read_http(upstream, method)
                if response is None:
                    raise ConnectionError
                return response.encode()

            shape = f"> {method} {rough(target)}"
            changes = lambda request=request: alter.called(alter.request(request), request)  # noqa: E731
            writer.write(await self._call(shape, changes, request.encode(), wire.Http.encode, ask))
        out.close()

    async def redis(self, reader: Reader, writer: Writer, back: Back) -> None:
        upstream, out = await _dial(back)
        while True:
            command = await wire.read_resp(reader)
            words = wire.resp_words(command)

            async def ask(data: bytes) -> bytes:
                out.write(data)
                return await wire.read_resp(upstream)

            key = words[1].decode("latin-1") if words[1:] else ""
            shape = f"> {words[0].decode().upper()} {rough(key)}"
            changes = lambda words=words: alter.called(alter.redis(words), words)  # noqa: E731
            writer.write(await self._call(shape, changes, command, wire.resp_command, ask))

    async def _call(
        self,
        shape: str,
        changes: Callable[[], Changes],
        whole: bytes,
        encode: Callable[[Any], bytes],
        ask: Callable[[bytes], Awaitable[bytes]],
    ) -> bytes:
        """The answer for the service."""
        request = self.sites.requests
        nth, change = self.sites.here(shape, changes)
        if change is not None and change.name == "drop":
            self.sites.made(whole, b"")
            return bytes.fromhex(self.sites.site["answer"])
        if change is not None and change.name == "double":
            self.sites.made(whole, whole + whole)
            answer = await ask(whole)
            await ask(whole)
            return answer
        answer = await ask(self._changed(change, whole, encode))
        self.sites.answered(request, shape, nth, answer)
        return answer

    async def postgres(self, reader: Reader, writer: Writer, back: Back) -> None:
        """The service's requests for encryption are declined."""
        upstream, out = await _dial_postgres(back)
        start = await wire.read_pg_start(reader)
        while wire.pg_code(start) != wire.PG_VERSION:
            if wire.pg_code(start) == wire.PG_CANCEL:
                out.write(start)
                out.close()
                return
            writer.write(b"N")
            start = await wire.read_pg_start(reader)
        out.write(start)
        pending = Pending()
        answers = asyncio.create_task(self._answers(upstream, writer, pending))
        texts: dict[bytes, str] = {}
        batch: list[tuple[bytes, bytes]] = []
        try:
            while True:
                message = await wire.read_pg(reader)
                batch.append(message)
                if message[0] not in b"PBDEC":
                    await self._batch(batch, texts, out, writer, pending)
                    batch = []
        finally:
            out.close()
            await asyncio.wait([answers], timeout=1)

    async def _batch(
        self,
        batch: list[tuple[bytes, bytes]],
        texts: dict[bytes, str],
        out: Writer,
        writer: Writer,
        pending: Pending,
    ) -> None:
        whole, text = _joined(batch), _text(batch, texts)
        if batch[-1][0] not in b"QS":  # a password, COPY's data, Flush, Terminate
            out.write(whole)
            return
        if text is None:
            pending.add(Batch(self.sites.requests, "", 0))
            out.write(whole)
            return
        shape = f"> SQL {text}"
        request = self.sites.requests
        nth, change = self.sites.here(shape, lambda: alter.called(_batch_changes(batch), batch))
        if change is not None and change.name == "drop":
            if pending.batches:
                await pending.none.wait()
            self.sites.made(whole, b"")
            writer.write(_fitting(bytes.fromhex(self.sites.site["answer"]), batch))
            return
        pending.add(Batch(request, shape, nth))
        if change is not None and change.name == "double":
            pending.add(Batch(request, shape, nth, swallowed=True))
            twice = whole + _joined([m for m in batch if m[0] != b"P" or m[1][:1] == b"\0"])
            self.sites.made(whole, twice)
            out.write(twice)
        else:
            out.write(self._changed(change, whole, _joined))

    async def _answers(self, upstream: Reader, writer: Writer, pending: Pending) -> None:
        answer = b""
        greeted = False
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, body = await wire.read_pg(upstream)
                if kind == b"R":  # binds to TLS, of which the service has none
                    body = body.replace(b"SCRAM-SHA-256-PLUS\0", b"")
                answer += wire.pg(kind, body)
                if not (pending.batches and pending.batches[0].swallowed):
                    writer.write(wire.pg(kind, body))
                if kind == b"Z":
                    if greeted:
                        batch = pending.done()
                        if batch.shape and not batch.swallowed:
                            self.sites.answered(batch.request, batch.shape, batch.nth, answer)
                    greeted, answer = True, b""
        writer.close()

    # -- the service -----------------------------------------------------------------------

    async def run(self) -> int:
        for back in self.plan.backs:
            serve = kept(getattr(self, back.speaks), back)
            await asyncio.start_server(serve, "127.0.0.1", back.listen)
        env = {**os.environ, **self.plan.env}
        process = await asyncio.create_subprocess_exec(*self.plan.command, env=env)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _pass_on, process, number)
        ended = asyncio.create_task(process.wait())
        while not ended.done() and not _listens(self.plan.inner):
            await asyncio.wait([ended], timeout=POLL_SECONDS)
        await asyncio.start_server(kept(self.front), "127.0.0.1", self.plan.front)
        return await ended


def rough(text: str) -> str:
    """Without what may be made up in each run."""
    return re.sub(r"[0-9a-fA-F]{8}[0-9a-fA-F-]*|[A-Za-z0-9_-]{20,}|\d+", "#", text)


def _pass_on(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _listens(port: int) -> bool:
    """Without connecting, which would count as a call until it does."""
    rows = [
        line.split()
        for name in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(name).read_text().splitlines()[1:]
    ]
    return any(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def kept(serve: Callable[..., Any], *more: Any) -> Callable[[Reader, Writer], Any]:
    async def one(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            try:
                await serve(reader, writer, *more)
            except (AssertionError, LookupError, TypeError, ValueError):
                tell(error=traceback.format_exc())
        writer.close()

    return one


async def _dial(back: Back) -> tuple[Reader, Writer]:
    if not back.tls:
        return await asyncio.open_connection(back.host, back.port)
    context = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE"))
    return await asyncio.open_connection(
        back.host, back.port, ssl=context, server_hostname=back.host
    )


async def _dial_postgres(back: Back) -> tuple[Reader, Writer]:
    reader, writer = await asyncio.open_connection(back.host, back.port)
    if back.tls:
        writer.write(wire.pg_start(wire.PG_ENCRYPT))
        if await reader.readexactly(1) != b"S":
            raise ConnectionError
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await writer.start_tls(context)
    return reader, writer


def _batch_changes(batch: list[tuple[bytes, bytes]]) -> Changes:
    for n, (kind, body) in enumerate(batch):
        for change in alter.postgres(kind, body):

            def make(n: int = n, kind: bytes = kind, change: Change = change) -> Any:
                return [*batch[:n], (kind, change.make()), *batch[n + 1 :]]

            yield Change(change.name, change.was, make)


def _text(batch: list[tuple[bytes, bytes]], texts: dict[bytes, str]) -> str | None:
    """The SQL that the batch runs (`texts`: of named statements); None when it runs none."""
    for kind, body in batch:
        if kind == b"Q":
            return body[:-1].decode()
        if kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            texts[name] = text.decode()
    for kind, body in batch:
        if kind == b"B":
            return texts.get(body.split(b"\0", 2)[1], "?")
    return None


def _joined(batch: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(wire.pg(*message) for message in batch)


def _fitting(answer: bytes, batch: list[tuple[bytes, bytes]]) -> bytes:
    """The answer with as many ParseCompletes as this batch has Parses."""
    rest = [message for message in wire.pg_messages(answer) if message[0] != b"1"]
    return _joined([(b"1", b"")] * sum(kind == b"P" for kind, _ in batch) + rest)


def _named(request: wire.Http, back: Back) -> wire.Http:
    host = ("Host", f"{back.host}:{back.port}")
    headers = tuple(host if n.lower() == "host" else (n, v) for n, v in request.headers)
    return wire.Http(request.start, headers, request.body, request.framed)


def main(plan: str, site: str = "") -> int:
    told = json.loads(Path(site).read_text()) if site else {}
    return asyncio.run(Relay(Plan.read(Path(plan)), told).run())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
