"""`python -m benches.inflight.relay PLAN [SITE]`: a service with a relay on every side of it.

PLAN (JSON): `command`, `env` (added), `front` {listen, to}, `backs` [{listen, host, port, speaks, tls}]. Listens for
callers once the service does. Without SITE nothing is changed. With it exactly one message is: `request` (that many
requests had come in), `shape`, `nth` of that shape since, `change` (a name of `alter.py`, `drop` or `double`), `answer`
(hex, for `drop`). `{"observe": true}` tells every message on stderr.
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
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benches.inflight import alter, wire

MARK = "@inflight "
Writer = asyncio.StreamWriter
Reader = asyncio.StreamReader


def tell(**what: Any) -> None:
    os.write(2, (MARK + json.dumps(what) + "\n").encode())


class Sites:
    """Which message is the one to change."""

    def __init__(self, site: dict[str, Any]) -> None:
        self.site = site
        self.requests = 0
        self.seen: Counter[str] = Counter()
        self.done = False

    def asked(self) -> None:
        self.requests += 1
        self.seen.clear()

    def here(self, shape: str, changes: Callable[[], Iterator[tuple[str, Any]]]) -> str:
        """The change to make to this message; "" for none."""
        self.seen[shape] += 1
        nth = self.seen[shape]
        if self.site.get("observe"):
            names = [name for name, _ in changes()]
            tell(request=self.requests, shape=shape, nth=nth, changes=names)
        wanted = (self.site.get("request"), self.site.get("shape"), self.site.get("nth"))
        if self.done or wanted != (self.requests, shape, nth):
            return ""
        return str(self.site["change"])

    def made(self, before: bytes, after: bytes) -> None:
        self.done = True
        at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
        around = slice(max(at - 40, 0), at + 40)
        tell(done=True, before=repr(before[around]), after=repr(after[around]))

    def answered(self, shape: str, answer: bytes) -> None:
        if self.site.get("observe"):
            tell(request=self.requests, shape=shape, nth=self.seen[shape], answer=answer.hex())


class Relay:
    def __init__(self, plan: dict[str, Any], site: dict[str, Any]) -> None:
        self.plan = plan
        self.sites = Sites(site)

    async def front(self, reader: Reader, writer: Writer) -> None:
        service, out = await asyncio.open_connection("127.0.0.1", self.plan["front"]["to"])
        while (request := await wire.read_http(reader)) is not None:
            self.sites.asked()
            out.write(request.encode())
            method, target, _ = request.start.split(" ")
            while (response := await wire.read_http(service, method)) is not None:
                writer.write(self._response(f"< {method} {_rough(target)}", response))
                await writer.drain()
                if response.start.split()[1] != "100":
                    break
            if response is None or response.framed == "close":
                break
        out.close()

    def _response(self, shape: str, response: wire.Http) -> bytes:
        name = self.sites.here(shape, lambda: alter.response(response))
        return self._changed(name, response.encode(), lambda: alter.response(response), _encoded)

    def _changed(
        self,
        name: str,
        whole: bytes,
        changes: Callable[[], Iterator[tuple[str, Any]]],
        encode: Callable[[Any], bytes],
    ) -> bytes:
        new = alter.chosen(changes, name) if name else None
        if new is None:
            return whole
        self.sites.made(whole, encode(new))
        return encode(new)

    async def http(self, reader: Reader, writer: Writer, back: dict[str, Any]) -> None:
        upstream, out = await self._dial(back)
        while (request := await wire.read_http(reader)) is not None:
            request = _named(request, back)
            method, target, _ = request.start.split(" ")
            shape = f"> {method} {_rough(target)}"

            def changes(request: wire.Http = request) -> Iterator[tuple[str, Any]]:
                yield from alter.request(request)
                yield "drop", request
                yield "double", request

            name = self.sites.here(shape, changes)
            if name == "drop":
                self.sites.made(request.encode(), b"")
                answer = bytes.fromhex(self.sites.site["answer"])
            else:
                out.write(self._changed(name, request.encode(), changes, _encoded))
                response = await wire.read_http(upstream, method)
                if name == "double" and response is not None:
                    out.write(request.encode())
                    await wire.read_http(upstream, method)
                if response is None:
                    break
                answer = response.encode()
            self.sites.answered(shape, answer)
            writer.write(answer)
        out.close()

    async def redis(self, reader: Reader, writer: Writer, back: dict[str, Any]) -> None:
        upstream, out = await self._dial(back)
        while True:
            command = await wire.read_resp(reader)
            words = wire.resp_words(command)
            shape = f"> {words[0].decode().upper()} {_rough(words[1].decode('latin-1')) if words[1:] else ''}"

            def changes(words: list[bytes] = words) -> Iterator[tuple[str, Any]]:
                yield from alter.redis(words)
                yield "drop", words
                yield "double", words

            name = self.sites.here(shape, changes)
            if name == "drop":
                self.sites.made(command, b"")
                answer = bytes.fromhex(self.sites.site["answer"])
            else:
                out.write(self._changed(name, command, changes, wire.resp_command))
                answer = await wire.read_resp(upstream)
                if name == "double":
                    out.write(command)
                    await wire.read_resp(upstream)
            self.sites.answered(shape, answer)
            writer.write(answer)

    async def postgres(self, reader: Reader, writer: Writer, back: dict[str, Any]) -> None:
        """Requests for encryption are declined by ourselves. A batch ends with Query or Sync."""
        upstream, out = await self._dial(back)
        start = await wire.read_pg_start(reader)
        while int.from_bytes(start[4:8], "big") >> 16 == 1234:
            if int.from_bytes(start[4:8], "big") & 0xFFFF == 5678:
                out.write(start)
                return await _splice(reader, writer, upstream, out)
            writer.write(b"N")
            start = await wire.read_pg_start(reader)
        out.write(start)
        batches: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        answers = asyncio.create_task(self._answers(upstream, writer, batches))
        texts: dict[bytes, str] = {}
        batch: list[tuple[bytes, bytes]] = []
        try:
            while True:
                kind, body = await wire.read_pg(reader)
                batch.append((kind, body))
                if kind in b"PBDEC":
                    continue
                await self._batch(batch, texts, out, writer, batches)
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
        batches: asyncio.Queue[tuple[str, str]],
    ) -> None:
        text = _text(batch, texts)
        if text is None:
            out.write(b"".join(wire.pg(*message) for message in batch))
            return
        shape = f"> SQL {text}"

        def changes() -> Iterator[tuple[str, Any]]:
            for n, (kind, body) in enumerate(batch):
                for name, new in alter.postgres(kind, body):
                    yield f"{n} {name}", [*batch[:n], (kind, new), *batch[n + 1 :]]
            yield "drop", batch
            yield "double", batch

        name = self.sites.here(shape, changes)
        whole = _joined(batch)
        if name == "drop":
            self.sites.made(whole, b"")
            writer.write(_fitting(bytes.fromhex(self.sites.site["answer"]), batch))
            return
        batches.put_nowait((shape, ""))
        out.write(self._changed(name, whole, changes, _joined))
        if name == "double":
            batches.put_nowait((shape, "swallow"))
            again = [(k, b) for k, b in batch if k != b"P" or b[:1] == b"\0"]
            out.write(_joined(again))

    async def _answers(
        self, upstream: Reader, writer: Writer, batches: asyncio.Queue[tuple[str, str]]
    ) -> None:
        answer = b""
        greeted = False
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, body = await wire.read_pg(upstream)
                message = wire.pg(kind, body)
                answer += message
                shape, how = ("", "")
                if not batches.empty():
                    shape, how = batches._queue[0]  # type: ignore[attr-defined]
                if how != "swallow":
                    writer.write(message)
                if kind == b"Z":
                    if greeted and shape:
                        batches.get_nowait()
                        if not how:
                            self.sites.answered(shape, answer)
                    greeted, answer = True, b""
        writer.close()

    async def _dial(self, back: dict[str, Any]) -> tuple[Reader, Writer]:
        context = None
        if back["tls"]:
            context = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE"))
        name = back["host"] if back["tls"] else None
        return await asyncio.open_connection(
            back["host"], back["port"], ssl=context, server_hostname=name
        )

    async def run(self) -> int:
        for back in self.plan["backs"]:
            await asyncio.start_server(_kept(getattr(self, back["speaks"]), back), "127.0.0.1", back["listen"])
        env = {**os.environ, **self.plan["env"]}
        process = await asyncio.create_subprocess_exec(*self.plan["command"], env=env)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _pass_on, process, number)
        ended = asyncio.create_task(process.wait())
        while not ended.done() and not await _listens(self.plan["front"]["to"]):
            await asyncio.wait([ended], timeout=0.02)
        await asyncio.start_server(_kept(self.front), "127.0.0.1", self.plan["front"]["listen"])
        return await ended


def _pass_on(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _kept(serve: Callable[..., Any], *more: Any) -> Callable[[Reader, Writer], Any]:
    async def one(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer, *more)
        writer.close()

    return one


async def _splice(a: Reader, a_out: Writer, b: Reader, b_out: Writer) -> None:
    async def copy(source: Reader, sink: Writer) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    await asyncio.gather(copy(a, b_out), copy(b, a_out))


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


def _named(request: wire.Http, back: dict[str, Any]) -> wire.Http:
    host = ("Host", f"{back['host']}:{back['port']}")
    headers = tuple(host if n.lower() == "host" else (n, v) for n, v in request.headers)
    return wire.Http(request.start, headers, request.body, request.framed)


def _encoded(message: Any) -> bytes:
    return bytes(message.encode())


def _rough(text: str) -> str:
    """Without what may be generated."""
    return re.sub(r"[0-9a-f]{8}[0-9a-f-]*|\d+", "#", text)


def main(plan: str, site: str = "") -> int:
    told = json.loads(Path(site).read_text()) if site else {}
    return asyncio.run(Relay(json.loads(Path(plan).read_text()), told).run())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
