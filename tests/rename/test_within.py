"""Larger values written as one: what is stable in them stays, what is generated is judged by itself."""

from __future__ import annotations

import base64
import gzip
import json
import pickle
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import itsdangerous
import jwt
import pytest
from google.protobuf import struct_pb2
from tests.rename.minting import LATER_NS, RECORDED_NS, S, changes, judged, learned

from reenact.model.difference import Change
from reenact.model.value import Value
from reenact.rename.table import Renaming

KEY = "a key that is long enough for the hash"
THEN, NOW = RECORDED_NS // S, LATER_NS // S
U1, U2 = str(uuid4()), str(uuid4())


def token(at: int, **claims: Any) -> str:
    told = {"sub": "ann", "role": "user", "iat": at, "exp": at + 3600, "jti": str(uuid4())}
    return jwt.encode(told | claims, KEY)


def test_a_jwt_is_known_by_its_claims() -> None:
    recorded = token(THEN)
    sites = learned([({"token": recorded}, {"token": token(NOW)})])
    inside = ("response", "token", "jwt", "payload")
    assert sites == {
        ("response", "token"): frozenset({"jwt"}),
        (*inside, "iat"): frozenset({"epoch"}),
        (*inside, "exp"): frozenset({"epoch"}),
        (*inside, "jti"): frozenset({"uuid"}),
    }
    live = token(NOW)
    found = judged({"token": recorded}, {"token": live}, sites)
    assert found.equal
    assert {b.kind for b in found.bindings} == {"jwt", "uuid"}


@pytest.mark.parametrize(
    ("claims", "change", "at"),
    [
        ({"role": "admin"}, Change.VALUE, "role"),
        ({"sub": "bob"}, Change.VALUE, "sub"),
        ({"exp": NOW + 60}, Change.VALUE, "exp"),
        ({"iat": NOW - 600}, Change.VALUE, "iat"),
        ({"jti": "none"}, Change.VALUE, "jti"),
        ({"exp": None}, Change.TYPE, "exp"),
        ({"aud": "us"}, Change.ADDED, "aud"),
    ],
)
def test_another_claim_is_a_difference_at_its_own_place(
    claims: dict[str, Any], change: Change, at: str
) -> None:
    recorded = token(THEN)
    sites = learned([({"token": recorded}, {"token": token(NOW)})])
    found = judged({"token": recorded}, {"token": token(NOW, **claims)}, sites)
    assert changes(found) == [(change, f"token/jwt/payload/{at}")]


def test_another_algorithm_or_half_a_signature_is_a_difference() -> None:
    recorded = token(THEN)
    sites = learned([(recorded, token(NOW))])
    unsigned = jwt.encode(jwt.decode(token(NOW), options={"verify_signature": False}), "", "none")
    assert ("jwt/header/alg") in [at for _, at in changes(judged(recorded, unsigned, sites))]
    assert changes(judged(recorded, token(NOW)[:-4], sites)) == [(Change.FORM, "")]


def test_a_jwt_in_a_larger_text_is_looked_into() -> None:
    recorded = f"Bearer {token(THEN)}"
    sites = learned([(recorded, f"Bearer {token(NOW)}")])
    assert judged(recorded, f"Bearer {token(NOW)}", sites).equal
    wrong = judged(recorded, f"Bearer {token(NOW, role='admin')}", sites)
    assert changes(wrong) == [(Change.VALUE, "jwt/payload/role")]


class Clocked(itsdangerous.TimestampSigner):
    at = THEN

    def get_timestamp(self) -> int:
        return self.at


def cookie(at: int, value: Any) -> str:
    """As Flask writes its session."""
    serializer = itsdangerous.URLSafeTimedSerializer(KEY, signer=Clocked)
    Clocked.at = at
    return str(serializer.dumps(value))


SESSIONS: list[Callable[[str], Any]] = [
    lambda id: {"user": 7, "sid": id},
    lambda id: {"user": 7, "sid": id, "text": "long enough to be compressed " * 20},
]


@pytest.mark.parametrize("session", SESSIONS)
def test_a_signed_cookie_is_known_by_what_it_says(session: Callable[[str], Any]) -> None:
    recorded = cookie(THEN, session(U1))
    sites = learned([(recorded, cookie(NOW, session(str(uuid4()))))])
    assert sites[("response",)] == {"signed"}
    assert judged(recorded, cookie(NOW + 1, session(U2)), sites).equal
    late = judged(recorded, cookie(NOW - 900, session(U2)), sites)
    assert changes(late) == [(Change.VALUE, "signed/time")]
    other = judged(recorded, cookie(NOW, session(U2) | {"user": 8}), sites)
    assert changes(other) == [(Change.VALUE, "signed/payload/user")]


def test_a_signed_value_of_django_is_known_by_what_it_says() -> None:
    def signed(id: str, at: int) -> str:
        digits, time = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", ""
        while at:
            at, digit = divmod(at, 62)
            time = digits[digit] + time
        value = base64.urlsafe_b64encode(json.dumps({"id": id}).encode()).decode().rstrip("=")
        signature = base64.urlsafe_b64encode(zlib.crc32(value.encode()).to_bytes(4, "big") * 8)
        return f"{value}:{time}:{signature.decode().rstrip('=')}"

    sites = learned([(signed(U1, THEN), signed(str(uuid4()), NOW))])
    assert ("response", "signed", "payload", "id") in sites
    assert judged(signed(U1, THEN), signed(U2, NOW), sites).equal
    assert not judged(signed(U1, THEN), signed(U2, NOW - 900), sites).equal


def _message(id: str, name: str) -> bytes:
    message = struct_pb2.Struct()
    message.update({"id": id, "name": name, "n": 3})
    return message.SerializeToString(deterministic=True)


WRITTEN: dict[str, Callable[[str, str], Value]] = {
    "json in a text": lambda id, name: json.dumps({"id": id, "name": name}),
    "json in json": lambda id, name: json.dumps([json.dumps({"id": id, "name": name}), 1]),
    "json in bytes": lambda id, name: json.dumps({"id": id, "name": name}).encode(),
    "base64 of json": lambda id, name: base64.b64encode(
        json.dumps({"id": id, "name": name}).encode()
    ).decode(),
    "base64 in a text": lambda id, name: (
        f"cursor={base64.urlsafe_b64encode(f'{name}|{id}'.encode()).decode()}&n=1"
    ),
    "gzip": lambda id, name: gzip.compress(json.dumps({"id": id, "name": name}).encode(), mtime=0),
    "zlib": lambda id, name: zlib.compress(f"{name} {id}".encode()),
    "protobuf": _message,
    "a pickle": lambda id, name: pickle.dumps({"id": id, "name": name}),
    "an old pickle": lambda id, name: pickle.dumps({"id": id, "name": name}, protocol=2),
    "Marshal": lambda id, name: entry({":id": text(id), ":name": text(name)}),
    "a URL in a query": lambda id, name: (
        f"/login?next={quote(f'/orders/{id}?name={name}', safe='')}"
    ),
    "a Location": lambda id, name: f"https://shop.example/{name}/orders/{id}",
    "a cookie pair": lambda id, name: f"sid={id}; name={name}",
    "a Redis key": lambda id, name: f"session:{name}:{id}",
    "a literal of SQL": lambda id, name: f"INSERT INTO t VALUES ('{id}', '{name}')",
}
IDS = {
    "uuid": lambda: str(uuid4()),
    "hex": lambda: uuid4().hex,
}


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("name", WRITTEN)
def test_an_id_is_found_however_it_is_written(name: str, kind: str) -> None:
    write, mint = WRITTEN[name], IDS[kind]
    r, l1, l2 = mint(), mint(), mint()
    sites = learned([({"v": write(r, "ann")}, {"v": write(l1, "ann")})])
    found = judged({"v": write(r, "ann")}, {"v": write(l2, "ann")}, sites)
    assert found.equal, found.unexplained
    assert (r, l2) in {(b.recorded, b.live) for b in found.bindings}
    assert not judged({"v": write(r, "ann")}, {"v": write(l2, "bob")}, sites).equal


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_known_id_is_retold_however_it_is_written(name: str, kind: str) -> None:
    write, mint = WRITTEN[name], IDS[kind]
    r, l = mint(), mint()  # noqa: E741
    names = Renaming()
    names.bind(kind, r, l)
    told = names.retell({"v": write(r, "ann")})
    assert judged({"v": write(l, "ann")}, told, {}).equal
    back = names.untell({"v": write(l, "ann")})
    assert judged({"v": write(r, "ann")}, back, {}).equal


def test_a_known_id_of_another_length_is_retold_within_protobuf() -> None:
    names = Renaming()
    names.bind("token", "short-id-1", "a-much-longer-id-than-before-" * 8)
    told = names.retell(_message("short-id-1", "ann"))
    assert told == _message("a-much-longer-id-than-before-" * 8, "ann")
    assert names.untell(told) == _message("short-id-1", "ann")


@pytest.mark.parametrize(
    "write",
    [
        lambda id: entry({":id": text(id), ":after": text("x")}),
        lambda id: pickle.dumps({"id": id, "after": "x"}),
        lambda id: pickle.dumps({"id": id, "after": "x"}, protocol=2),
    ],
)
def test_a_known_id_of_another_length_is_retold_within_an_object(
    write: Callable[[str], bytes],
) -> None:
    names, long = Renaming(), "a-much-longer-id-than-before-" * 40
    names.bind("token", "short-id-1", long)
    assert names.retell(write("short-id-1")) == write(long)
    assert names.untell(write(long)) == write("short-id-1")
    assert write("short-id-1")[:1] == b"\x80" or names.retell(
        write("short-id-1").decode()
    ) == as_read(write(long))


def test_an_object_of_python_is_compared_by_its_ids_and_times() -> None:
    def cached(at: int, name: str, id: UUID) -> bytes:
        when = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
        return pickle.dumps({"id": id, "at": when, "name": name, "price": Decimal("1.50")})

    recorded = cached(THEN, "ann", UUID(U1))
    sites = learned([(recorded, cached(NOW, "ann", uuid4()))])
    assert {kind for kinds in sites.values() for kind in kinds} == {"uuid", "instant"}
    assert judged(recorded, cached(NOW, "ann", UUID(U2)), sites).equal
    assert not judged(recorded, cached(NOW, "bob", UUID(U2)), sites).equal
    assert not judged(recorded, cached(NOW - 600, "ann", UUID(U2)), sites).equal
    names = Renaming()
    names.bind("uuid", U1, U2)
    assert names.retell(recorded) == cached(THEN, "ann", UUID(U2))


def test_an_object_of_ruby_is_compared_within_whether_or_not_it_is_utf8() -> None:
    def cached(at: str, name: str) -> Value:
        return as_read(entry({":value": text(name), ":created_at": b"f" + sized(at.encode())}))

    recorded = cached(f"{THEN}.4681115", "ann" + "n" * 119)
    live = cached(f"{NOW}.695", "ann" + "n" * 119)
    sites = learned([(recorded, live)])
    assert sites == {("response", "marshal", ":created_at"): frozenset({"epoch"})}
    assert judged(recorded, cached(f"{NOW}.5", "ann" + "n" * 119), sites).equal
    assert not judged(recorded, cached(f"{NOW - 600}.5", "ann" + "n" * 119), sites).equal
    [found] = judged(recorded, cached(f"{NOW}.5", "bob" + "n" * 119), sites).unexplained
    assert found.at == ("response", "marshal", ":value")
    longer = judged(recorded, cached(f"{NOW}.5", "ann" + "n" * 200), sites)
    assert [d.at[-1] for d in longer.unexplained] == [":value"]


def rails(value: bytes, at: float, *, packed: bool = False) -> bytes:
    """An entry of Rails' cache from 7.1 on: activesupport/lib/active_support/cache/coder.rb"""
    kind = 1 if value.startswith(b"\x04\x08") else 2
    head = b"\0\x11" + struct.pack("<Bdi", kind | (0x80 if packed else 0), at, 2) + b"v1"
    return head + (zlib.compress(value) if packed else value)


@pytest.mark.parametrize("packed", [False, True])
def test_what_rails_caches_is_compared_within(packed: bool) -> None:
    def cached(at: int, name: str, id: str) -> bytes:
        value = entry({":name": text(name), ":id": text(id)})
        return rails(value, at + 0.25, packed=packed)

    recorded = cached(THEN, "ann", U1)
    sites = learned([(recorded, cached(NOW, "ann", str(uuid4())))])
    assert {path[2:]: kinds for path, kinds in sites.items()} == {
        ("expires_at",): frozenset({"epoch"}),
        ("value", ":id"): frozenset({"uuid"}),
    }
    assert judged(recorded, cached(NOW, "ann", U2), sites).equal
    [found] = judged(recorded, cached(NOW, "bob", U2), sites).unexplained
    assert found.at == ("response", "marshal", "value", ":name")
    names = Renaming()
    names.bind("uuid", U1, U2)
    assert names.retell(recorded) == cached(THEN, "ann", U2)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda value: rails(value.encode(), -1.0),
        lambda value: b"\0" + entry({":v": text(value)}),
        lambda value: b"!" + pickle.dumps({"v": value}),
    ],
)
def test_what_other_caches_wrap_is_retold_within(wrap: Callable[[str], bytes]) -> None:
    names = Renaming()
    names.bind("token", "short-id-1", "a-longer-id-than-before")
    assert names.retell(wrap("short-id-1")) == wrap("a-longer-id-than-before")


def entry(members: dict[str, bytes]) -> bytes:
    """A hash as Ruby's Marshal writes it, its keys symbols."""
    pairs = (b":" + sized(key[1:].encode()) + value for key, value in members.items())
    return b"\x04\x08{" + bytes((len(members) + 5,)) + b"".join(pairs)


def text(content: str) -> bytes:
    """An instance of String in UTF-8."""
    return b'I"' + sized(content.encode()) + b"\x06:\x06ET"


def sized(content: bytes) -> bytes:
    size = len(content)
    if size > 122:
        tail = size.to_bytes(2, "little").rstrip(b"\0")
        return bytes((len(tail),)) + tail + content
    return bytes((size + 5 if size else 0,)) + content


def as_read(data: bytes) -> Value:
    """Words of Redis are text where they are UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def test_a_uuid_is_retold_without_its_dashes_and_in_capitals() -> None:
    names = Renaming()
    names.bind("uuid", U1, U2)
    assert names.retell([U1.replace("-", ""), f"k:{U1.upper()}"]) == [
        U2.replace("-", ""),
        f"k:{U2.upper()}",
    ]


def test_a_uuid_that_was_first_seen_without_its_dashes_is_retold_with_them() -> None:
    names = Renaming()
    names.bind("hex", U1.replace("-", ""), U2.replace("-", ""))
    assert names.retell([U1, f"/tasks/{U1}"]) == [U2, f"/tasks/{U2}"]
    assert names.untell(U2) == U1


def test_json_in_a_text_keeps_its_writing_and_the_order_of_its_members() -> None:
    recorded = json.dumps({"id": U1, "n": 1})
    sites = learned([(recorded, json.dumps({"id": str(uuid4()), "n": 1}))])
    assert judged(recorded, json.dumps({"id": U2, "n": 1}), sites).equal
    assert not judged(recorded, json.dumps({"id": U2, "n": 1}, separators=(",", ":")), sites).equal
    assert not judged(recorded, json.dumps({"n": 1, "id": U2}), sites).equal


def test_a_random_text_that_holds_nothing_readable_stays_a_token() -> None:
    recorded = "MVjbmp4eHNzc3NzYWFhYWFhYQ9f"
    sites = learned([(recorded, "aB3bmp4eHNzc3NzYWFhYWFhYQ9x")])
    assert "encoded" not in sites[("response",)]
