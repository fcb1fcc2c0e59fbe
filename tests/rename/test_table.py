"""One to one, and retold everywhere."""

from __future__ import annotations

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from reenact.rename.table import Renaming

U1 = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
U2 = "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"


def test_a_recorded_value_cannot_become_two_nor_two_one() -> None:
    names = Renaming()
    assert names.bind("uuid", "a" * 8, "b" * 8) is None
    assert names.bind("uuid", "a" * 8, "b" * 8) is None
    split = names.bind("uuid", "a" * 8, "c" * 8)
    merge = names.bind("uuid", "d" * 8, "b" * 8)
    assert split is not None and split.held_live == "b" * 8
    assert merge is not None and merge.held_recorded == "a" * 8


def test_values_are_retold_inside_texts_keys_bytes_and_urls() -> None:
    names = Renaming()
    names.bind("token", "to+ken/1234=", "li/ve+9876==")
    names.bind("uuid", U1, U2)
    tree = {f"session:{U1}": [f"/x/{U1}?t=to%2Bken%2F1234%3D", f"id={U1}".encode(), 7]}
    assert names.retell(tree) == {
        f"session:{U2}": [f"/x/{U2}?t=li%2Fve%2B9876%3D%3D", f"id={U2}".encode(), 7]
    }
    assert names.untell(names.retell(tree)) == tree


def test_a_token_is_retold_where_its_digest_stands_for_it() -> None:
    names = Renaming()
    names.bind("token", "iCVzN12bWLNmUgx2Nn6X2hfF", "Z7fQh3xrqf3Ns1fUAocBdjVF", "1")
    recorded, live = (
        f"2::{hashlib.sha256(token.encode()).hexdigest()}"
        for token in ("iCVzN12bWLNmUgx2Nn6X2hfF", "Z7fQh3xrqf3Ns1fUAocBdjVF")
    )
    assert names.retell([recorded]) == [live]
    assert names.carried([live]) == {("1", "token")}


def test_values_are_retold_inside_base64() -> None:
    names = Renaming()
    names.bind("token", "kim.Zx12ab34", "kim.Qq98yy77x")
    basic = base64.b64encode(b"kim:kim.Zx12ab34").decode()
    told = names.retell({"authorization": f"Basic {basic}"})
    assert told == {"authorization": "Basic " + base64.b64encode(b"kim:kim.Qq98yy77x").decode()}
    assert names.untell(told) == {"authorization": f"Basic {basic}"}


def test_short_values_are_retold_only_as_whole_leaves() -> None:
    names = Renaming()
    names.bind("token", "abc", "xyz")
    assert names.retell(["abc", "abcabc"]) == ["xyz", "abcabc"]


def test_the_cases_that_minted_what_was_retold_are_known() -> None:
    names = Renaming()
    names.bind("uuid", U1, U2, origin="case-1")
    seen: set[str] = set()
    names.retell({"path": f"/orders/{U1}"}, seen)
    assert seen == {"case-1"}


@given(
    st.lists(
        st.tuples(st.uuids(), st.uuids()), max_size=5, unique_by=(lambda p: p[0], lambda p: p[1])
    ),
    st.text(),
)
def test_untelling_what_was_retold_changes_nothing(
    pairs: list[tuple[object, object]], text: str
) -> None:
    names = Renaming()
    for recorded, live in pairs:
        names.bind("uuid", f"r{recorded}", f"l{live}")
    tree = {"a": [text, *(f"<r{recorded}>" for recorded, _ in pairs)]}
    assert names.untell(names.retell(tree)) == tree
