"""Trees of every kind of value, with the texts that YAML likes to take for something else."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from reenact.model.exchange import Outcome
from reenact.model.files import FileBefore, Kind
from reenact.model.suite import (
    FORMAT,
    HASH_SEED_MAX,
    Accepted,
    Case,
    Interaction,
    Suite,
    Tolerance,
    Trials,
    Uses,
)
from reenact.model.symbol import Generated

TRICKY = [
    "", "1.10", "yes", "n", "null", "~", "2026-01-01", "12:30:45", "0x1f", "0o7", "1_000", "1e5", ".5",
    "+1", "- a", "a: b", "a #b", "<<", "=", "[x", "a]b", "?", ": ", "-", "@a", "%x", "!a", "&a", "*a",
    "a?b", "http://x:80/?a=1&b=2#f", "it's", '"', "back\\slash", "---", "---\n...", "\ud800'\"", "\x85",
    "\u2028\n", "\ufeff", "a\u200bb", "\u202egnp.exe", "\r\nx\r\ny\r\n", "a\rb", "x\ny", "  x\n y\n\n",
    "\tx\ny", "\n\n", "a\n  \n b", "SELECT *\nFROM t\n", "x" * 300, "\0", "\x1b[31m", "caf\u00e9", "\U0001f600",
]  # fmt: skip

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(TRICKY),
    st.lists(st.sampled_from(TRICKY), max_size=4).map("\n".join),
    st.text(alphabet="ab \n\t:#-?,[]{}'\"\\|>&*!%@`~\r=", max_size=12),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.decimals(places=2, allow_nan=False, allow_infinity=False),
    texts,
    st.binary(max_size=30),
    texts.map(lambda text: text.encode("utf-8", "replace")),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
paths = st.lists(
    st.one_of(texts, st.integers(0, 99), st.sampled_from(["0", "'", "''", "a/b~"]))
).map(tuple)
generated = st.lists(st.builds(Generated, at=paths, kind=texts), max_size=2).map(tuple)
times = st.integers(0, 10**18)
calls = st.builds(
    Interaction,
    id=texts,
    protocol=texts,
    destination=texts,
    connection=times,
    outcome=st.sampled_from(Outcome),
    request=values,
    response=values,
    asked_ns=times,
    took_ns=times,
    tls=st.booleans(),
    uses=st.sampled_from(Uses),
    after=st.lists(texts, max_size=2).map(tuple),
    generated=generated,
)
many_calls = st.lists(calls, max_size=2, unique_by=lambda call: call.id).map(tuple)
tolerances = st.builds(
    Tolerance, at=texts, rule=st.sampled_from(["ignore", "type"]), why=texts, since=texts
)
trials = st.builds(
    Trials, runs=times, failures=times, varied=st.lists(texts, max_size=2).map(tuple)
)
accepted = st.builds(Accepted, at=texts, change=texts, why=texts, since=texts)
cases = st.builds(
    Case,
    id=st.one_of(texts, st.from_regex(r"[0-9]{4}-[a-z]{1,3}", fullmatch=True)),
    protocol=texts,
    port=st.integers(0, 65535),
    connection=times,
    request=values,
    response=values,
    tls=st.booleans(),
    at_ns=times,
    took_ns=times,
    calls=many_calls,
    generated=generated,
    tolerances=st.lists(tolerances, max_size=2).map(tuple),
    stands_for=st.lists(texts, max_size=2).map(tuple),
    trials=st.one_of(st.none(), trials),
    accepted=st.lists(accepted, max_size=2).map(tuple),
    aside=texts,
    needs=st.just(()),  # ids of other cases of the suite: see `suites`
    needs_why=st.just(()),
)


def needing_the_first(drawn: list[Case], need: bool, why: str) -> list[Case]:
    if not need or not drawn:
        return drawn
    first, *rest = drawn
    told = ((first.id, why),) if why else ()
    return [
        first,
        *(msgspec.structs.replace(case, needs=(first.id,), needs_why=told) for case in rest),
    ]


many_cases = st.tuples(
    st.lists(cases, max_size=3, unique_by=lambda case: case.id), st.booleans(), texts
).map(lambda drawn: tuple(needing_the_first(*drawn)))
owners = st.one_of(st.none(), st.tuples(st.integers(0, 2**32), st.integers(0, 2**32)))
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
modes = st.integers(0, 0o7777)
files = st.one_of(
    st.builds(FileBefore, path=texts, kind=st.just(Kind.ABSENT)),
    st.builds(FileBefore, path=texts, kind=st.just(Kind.LINK), content=texts, owner=owners),
    st.builds(
        FileBefore,
        path=texts,
        kind=st.just(Kind.FOLDER),
        mode=modes,
        mtime_ns=times,
        owner=owners,
        whole=st.booleans(),
    ),
    st.builds(
        FileBefore,
        path=texts,
        kind=st.just(Kind.FILE),
        content=hashes,
        size=times,
        mode=modes,
        mtime_ns=times,
        owner=owners,
    ),
)
suites = st.builds(
    Suite,
    format=st.just(FORMAT),
    capture=texts,
    command=st.lists(texts, max_size=3).map(tuple),
    started_ns=times,
    ports=st.lists(st.integers(1, 65535), max_size=2).map(tuple),
    addresses=st.lists(st.ip_addresses().map(str), max_size=2).map(tuple),
    cases=many_cases,
    session=many_calls,
    files=st.lists(files, max_size=3).map(tuple),
    rehearsed=st.integers(0, 9),
    seed=st.none() | st.integers(0, 2**63 - 1),
    hash_seed=st.integers(0, HASH_SEED_MAX),
)


def identical(a: object, b: object) -> bool:
    """Equality that tells 1 from True, 1.10 from 1.1, -0.0 from 0.0, and keeps the order of keys."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if hasattr(a, "__struct_fields__"):
        return all(identical(getattr(a, f), getattr(b, f)) for f in a.__struct_fields__)
    if isinstance(a, float | Decimal):
        return repr(a) == repr(b)
    return a == b
