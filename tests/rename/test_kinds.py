"""Each kind of generated value, minted by the library that services mint it with."""

from __future__ import annotations

import base64
import itertools
import random  # noqa: TID251 (what is minted is chance)
import string
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import bson
import nanoid
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ksuid import Ksuid
from tests.rename.minting import LATER_NS, RECORDED_NS, S, changes, judged, learned
from ulid import ULID

from reenact.model.difference import Change

DICE = random.Random(7)
Mint = Callable[[int], str]
"""From a time, in nanoseconds since the epoch."""


def _uuid(version: int, ns: int) -> str:
    """Of a time, where the version has one."""
    bits = DICE.getrandbits(128)
    ticks = ns // 100 + 0x01B21DD213814000
    if version == 1:
        bits = (ticks & 0xFFFFFFFF) << 96 | (ticks >> 32 & 0xFFFF) << 80 | (ticks >> 48) << 64 | bits & (1 << 64) - 1  # fmt: skip
    elif version == 6:
        bits = (ticks >> 12) << 80 | (ticks & 0xFFF) << 64 | bits & (1 << 64) - 1
    elif version == 7:
        bits = (ns // 10**6) << 80 | bits & (1 << 80) - 1
    bits = bits & ~(0xF << 76) | version << 76
    return str(uuid.UUID(int=bits & ~(3 << 62) | 2 << 62))


def _ksuid(ns: int) -> str:
    return str(Ksuid(datetime.fromtimestamp(ns // S, UTC)))


def _ulid(ns: int) -> str:
    return str(ULID.from_timestamp(ns / S))


def _objectid(ns: int) -> str:
    made = bson.ObjectId().binary
    return ((ns // S).to_bytes(4, "big") + made[4:9] + DICE.randbytes(3)).hex()


def _snowflake(ns: int) -> str:
    return str((ns // 10**6 - 1_288_834_974_657 << 22) | DICE.getrandbits(22))


def _discord(ns: int) -> str:
    return str((ns // 10**6 - 1_420_070_400_000 << 22) | DICE.getrandbits(22))


def _sonyflake(ns: int) -> str:
    return str(((ns - 1_409_529_600 * S) // 10**7 << 24) | DICE.getrandbits(24))


def _text(alphabet: str, length: int) -> str:
    return "".join(DICE.choices(alphabet, k=length))


BASE62 = string.ascii_letters + string.digits
MINTS: dict[str, Mint] = {
    **{f"uuid {v}": (lambda ns, v=v: _uuid(v, ns)) for v in range(1, 9)},  # type: ignore[misc]
    "ulid": _ulid,
    "ksuid": _ksuid,
    "objectid": _objectid,
    "snowflake": _snowflake,
    "snowflake of discord": _discord,
    "snowflake of sony": _sonyflake,
    "nanoid": lambda ns: nanoid.generate(),
    "hex": lambda ns: DICE.randbytes(16).hex(),
    "base64": lambda ns: base64.b64encode(DICE.randbytes(32)).decode(),
    "prefixed": lambda ns: "sk_live_" + _text(BASE62, 24),
    "hex of a prefix": lambda ns: "T-" + DICE.randbytes(6).hex(),
    "ulid of a prefix": lambda ns: "ord_" + _ulid(ns),
    "trace": lambda ns: f"00-{DICE.randbytes(16).hex()}-{DICE.randbytes(8).hex()}-01",
}
DATED = ["ulid", "ksuid", "objectid", "snowflake", "uuid 1", "uuid 6", "uuid 7"]


@pytest.mark.parametrize("name", MINTS)
def test_a_minted_value_is_of_its_kind_and_another_of_that_kind_is_accepted(name: str) -> None:
    mint = MINTS[name]
    for _ in range(40):
        recorded = mint(RECORDED_NS)
        sites = learned([(recorded, mint(LATER_NS)), (recorded, mint(LATER_NS))])
        assert sites == {("response",): frozenset({name.split()[0]})}
        found = judged(recorded, mint(LATER_NS), sites)
        assert found.equal, found.unexplained
        assert found.bindings


@pytest.mark.parametrize("name", DATED)
def test_an_id_with_a_time_has_to_be_of_its_cases_time(name: str) -> None:
    mint = MINTS[name]
    recorded = mint(RECORDED_NS)
    sites = learned([(recorded, mint(LATER_NS))])
    stale = judged(recorded, mint(LATER_NS - 600 * S), sites)
    assert changes(stale) == [(Change.FORM, "")]


@pytest.mark.parametrize("name", DATED)
def test_an_id_made_long_before_its_case_need_not_move_with_it(name: str) -> None:
    mint = MINTS[name]
    sites = learned([(mint(RECORDED_NS - 60 * S), mint(LATER_NS - 5 * S))])
    assert sites[("response",)] <= {"token", "hex", "number", "uuid", "snowflake"}


def test_snowflakes_in_numbers_are_ids_and_not_amounts() -> None:
    recorded, one, two = (int(_snowflake(ns)) for ns in (RECORDED_NS, LATER_NS, LATER_NS))
    sites = learned([({"id": recorded}, {"id": one})])
    found = judged({"id": recorded}, {"id": two}, sites)
    assert found.equal
    assert [(b.recorded, b.live) for b in found.bindings] == [(str(recorded), str(two))]
    assert changes(judged({"id": recorded}, {"id": 17}, sites)) == [(Change.FORM, "id")]


def test_a_time_in_nanoseconds_is_no_snowflake() -> None:
    sites = learned([(RECORDED_NS + 5, LATER_NS + 77)])
    assert sites == {("response",): frozenset({"epoch"})}


@pytest.mark.parametrize("versions", list(itertools.permutations((1, 4, 7), 2)))
def test_a_uuid_stays_of_its_version(versions: tuple[int, int]) -> None:
    was, became = versions
    recorded = _uuid(was, RECORDED_NS)
    sites = learned([(recorded, _uuid(was, LATER_NS))])
    assert not judged(recorded, _uuid(became, LATER_NS), sites).equal


def test_a_uuid_stays_of_its_variant() -> None:
    recorded = str(uuid.UUID(int=DICE.getrandbits(128), version=4))
    sites = learned([(recorded, str(uuid.uuid4()))])
    live = str(uuid.uuid4())
    assert not judged(recorded, live[:19] + "c" + live[20:], sites).equal
    assert not judged(recorded, str(uuid.UUID(int=0)), sites).equal


@pytest.mark.parametrize(
    ("recorded", "rehearsed", "live"),
    [
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_9fA11KqLyjWDbrjtX2zdp7aa", "sk_test_4eC39HqLyjWDarjtT1zdp7dd"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_9fA11KqLyjWDbrjtX2zdp7aa", "4eC39HqLyjWDarjtT1zdp7dd"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_9fA11KqLyjWDbrjtX2zdp7aa", "sk_live_4eC39HqLyjWDarjt"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_9fA11KqLyjWDbrjtX2zdp7aa", "sk_live_4ec39aa1bbf01234567890ab"),
        ("T-9f3a2b1c", "T-00aabbcc", "T-Zk29XwQp"),
        ("T-9f3a2b1c", "T-00aabbcc", "U-9f3a2b1d"),
        ("9f3a2b1c9f3a2b1c", "a03a2b1c9f3a2b1c", "9f3a2b1c9f3a2b1"),
        ("V1StGXR8_Z5jdHi6B-myT", "aQ9tGXR8-Z5jdHi6BxmyT", "V1StGXR8_Z5jdHi6B-my"),
    ],
)  # fmt: skip
def test_prefix_alphabet_and_length_hold(recorded: str, rehearsed: str, live: str) -> None:
    sites = learned([(recorded, rehearsed)])
    assert not judged(recorded, live, sites).equal


def test_random_text_of_chance_length_keeps_no_length() -> None:
    sites = learned([("id k3j9x2m4q8z", "id p0a8s7d6f5g")])
    assert judged("id k3j9x2m4q8z", "id w2e9r8t7y6", sites).equal


def test_trace_and_span_are_renamed_each_for_itself() -> None:
    trace, span, other = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "b7ad6b7169203331"
    live = "0af7651916cd43dd8448eb211c80319c"
    recorded = [f"00-{trace}-{span}-01", f"00-{trace}-{other}-01", trace]
    became = [f"00-{live}-aaf067aa0ba902b7-01", f"00-{live}-bbad6b7169203331-01", live]
    sites = learned([(recorded, became)])
    assert sites == {
        ("response", n): frozenset({kind}) for n, kind in enumerate(("trace", "trace", "hex"))
    }
    assert judged(recorded, became, sites).equal
    lost = [became[0], became[1].replace(live, live[::-1]), live]
    assert changes(judged(recorded, lost, sites)) == [(Change.ALIAS, "1")]
    none = [f"00-{'0' * 32}-{span}-01", *became[1:]]
    assert not judged(recorded, none, sites).equal


@given(st.sampled_from([16, 18, 20, 24, 32, 64]), st.integers(0, 10**9))
def test_base64_of_n_bytes_keeps_its_length(length: int, seed: int) -> None:
    dice = random.Random(seed)
    a, b, c = (base64.urlsafe_b64encode(dice.randbytes(length)).decode() for _ in range(3))
    sites = learned([(a, b)])
    assert judged(a, c, sites).equal


def test_base64_without_a_plus_by_chance_may_have_one_elsewhere() -> None:
    """Express' ETags: a length, a dash, and unpadded base64."""
    recorded, rehearsed = (f'W/"2b-{_text(BASE62, 27)}"' for _ in range(2))
    sites = learned([(recorded, rehearsed)])
    for sign in "+/":
        assert judged(recorded, f'W/"2b-{_text(BASE62, 13)}{sign}{_text(BASE62, 13)}"', sites).equal


@given(st.sampled_from(sorted(MINTS)), st.integers(0, 10**9))
def test_no_value_of_a_kind_is_ever_refused(name: str, seed: int) -> None:
    DICE.seed(seed)
    mint = MINTS[name]
    recorded = mint(RECORDED_NS)
    sites = learned([(recorded, mint(LATER_NS)), (recorded, mint(LATER_NS))])
    assert judged(recorded, mint(LATER_NS), sites).equal


@pytest.mark.parametrize(
    "written",
    [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S.%f+00:00",
        "%Y-%m-%d %H:%M:%S.%f+00",
        "%Y-%m-%d %H:%M:%S",
        "%Y%m%dT%H%M%SZ",
        "%a, %d %b %Y %H:%M:%S GMT",
        "%a, %d-%b-%Y %H:%M:%S GMT",
        "%a, %d %b %Y %H:%M:%S +0000",
        "%a %b %d %H:%M:%S %Y",
        "%d/%b/%Y:%H:%M:%S +0000",
    ],
)
def test_a_date_in_any_writing_stays_within_its_cases_time(written: str) -> None:
    def told(ns: int) -> str:
        return datetime.fromtimestamp(ns / S, UTC).strftime(written)

    sites = learned([(told(RECORDED_NS), told(LATER_NS))])
    assert sites == {("response",): frozenset({"instant"})}
    assert judged(told(RECORDED_NS), told(LATER_NS + S), sites).equal
    assert changes(judged(told(RECORDED_NS), told(LATER_NS + 60 * S), sites)) == [(Change.FORM, "")]
    assert not judged(told(RECORDED_NS), "yesterday", sites).equal
