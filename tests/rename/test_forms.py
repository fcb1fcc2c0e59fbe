"""What a generated value is told by, and what it may become."""

from __future__ import annotations

import pytest

from reenact.rename.align import Piece, align
from reenact.rename.forms import epoch_scale, kind_of, kind_of_pair
from reenact.rename.instants import Moment, keeps_place, read

U1 = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
U2 = "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"
JWT1 = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.abc_DEF-1"
JWT2 = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.zzz_YYY-2"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (U1, "uuid"),
        (JWT1, "jwt"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid"),
        ("2026-11-23T00:11:22.123456+00:00", "instant"),
        ("2026-11-23 00:11:22.1+00", "instant"),
        ("Mon, 23 Nov 2026 00:11:22 GMT", "instant"),
        ("2026-11-23", "instant"),
        ("1763856682", "epoch"),
        ("deadbeefdeadbeef", "hex"),
        ("17", "number"),
        ("Zx_9-abcDEFGH", "token"),
        ("two words", None),
        ("short", None),
    ],
)
def test_a_form_is_told_from_the_text(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind


def test_a_uuid_stays_a_uuid_of_its_version() -> None:
    assert kind_of_pair(U1, U2) == "uuid"
    assert kind_of_pair(U1, "0e37df36-f698-11e6-8dd4-cb9df3ca9a3c") is None


def test_hex_keeps_its_length() -> None:
    assert kind_of_pair("deadbeef00", "0123456789") == "hex"  # without a letter by chance
    assert kind_of_pair("deadbeef0a", "c123456789") == "hex"
    assert kind_of_pair("deadbeef0a", "c123456789ab") is None


@pytest.mark.parametrize(
    ("recorded", "live", "pieces"),
    [
        ("same", "same", []),
        (f"/orders/{U1}/items", f"/orders/{U2}/items", [Piece("uuid", U1, U2)]),
        (f"session:{U1}", f"session:{U2}", [Piece("uuid", U1, U2)]),
        (f"Bearer {JWT1}", f"Bearer {JWT2}", [Piece("jwt", JWT1, JWT2)]),
        (
            f'{{"id":"{U1}","at":"2026-11-23T00:00:00Z"}}',
            f'{{"id":"{U2}","at":"2026-11-23T00:09:00Z"}}',
            [
                Piece("uuid", U1, U2),
                Piece("instant", "2026-11-23T00:00:00Z", "2026-11-23T00:09:00Z"),
            ],
        ),
        ("took 12 ms", "took 9 ms", [Piece("number", "12", "9")]),
        ("$2b$12$abcdefghij/klm.nop", "$2b$12$zbcdefgh.j/klm.noq", None),
    ],
)
def test_texts_are_aligned_by_their_generated_parts(
    recorded: str, live: str, pieces: list[Piece] | None
) -> None:
    found = align(recorded, live)
    if pieces is None:
        assert found is not None
        assert {p.kind for p in found} <= {"token", "opaque"}
    else:
        assert found == pieces


@pytest.mark.parametrize(
    ("recorded", "live"),
    [("paid", "open"), ("ok", "error"), ("Ann Lee", "Bob Ray"), ("true", "false")],
)
def test_words_are_no_generated_values(recorded: str, live: str) -> None:
    assert align(recorded, live) is None


def test_times_are_read_in_every_unit() -> None:
    assert epoch_scale(1763856682) == 10**9
    assert epoch_scale(1763856682000) == 10**6
    assert epoch_scale(12345) is None
    second = 10**9
    a = read("2026-11-23T00:00:00.5Z")
    b = read("Mon, 23 Nov 2026 00:00:00 GMT")
    assert a is not None and b is not None
    assert a[0] - b[0] == second // 2
    assert read("2026-11-23 00:00:00.5+00") == a


def test_a_time_keeps_its_place_relative_to_its_case() -> None:
    hour = 3600 * 10**9
    moment = Moment(recorded_ns=1_763_856_000 * 10**9, live_ns=1_763_856_000 * 10**9 + 48 * hour)
    assert keeps_place(1_763_859_600, 1_763_859_600 + 48 * 3600, moment)  # expires in an hour
    assert not keeps_place(1_763_859_600, 1_763_859_600 + 47 * 3600, moment)  # now at once


def test_the_start_of_a_process_is_told_by_the_machines_clock() -> None:
    recorded, second = 1_763_856_000 * 10**9, 10**9
    moment = Moment(
        recorded, recorded, real_ns=recorded + 90 * second, real_ahead_ns=recorded + 80 * second
    )
    assert keeps_place(1_763_855_999, 1_763_856_084, moment)
    assert not keeps_place(1_763_855_999, 1_763_856_040, moment)
