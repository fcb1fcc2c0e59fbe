"""The folder that people keep: what is in it, what they may do to it, what is said when wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.base.errors import StoreError
from reenact.store import replace
from reenact.store.suite import case_files, case_line, load_suite, save_suite
from tests.store.samples import GET, POST, SUITE
from tests.store.values import identical

DATA = Path(__file__).parent.parent / "data"
OLD, TODAY = DATA / "suite-v1", DATA / "suite-v2"
FIRST = "cases/0001-post-orders.yaml"


@pytest.fixture
def folder(tmp_path):
    save_suite(SUITE, tmp_path / "reenact")
    return tmp_path / "reenact"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def complaint(folder: Path) -> str:
    with pytest.raises(StoreError) as caught:
        load_suite(folder)
    return str(caught.value).replace(str(folder) + "/", "")


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_suite_of_format_1_is_still_read():
    assert identical(load_suite(OLD), msgspec.structs.replace(SUITE, files=()))


def test_todays_files_are_byte_for_byte_those_of_the_stored_suite(folder):
    assert names(folder) == names(TODAY)
    for name in names(folder):
        assert (folder / name).read_bytes() == (TODAY / name).read_bytes(), name


def test_files_are_for_their_owner_only(folder):
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_an_edited_response_is_what_is_expected_from_then_on(folder):
    edit(folder / FIRST, "status: 201", "status: 202")
    edit(folder / FIRST, "    - [Content-Type, application/json]\n  body:\n    id",
         "    - [Content-Type, application/json]\n    - [X-New, yes please]\n  body:\n    id")  # fmt: skip
    response = load_suite(folder).cases[0].response
    assert response["status"] == 202
    assert response["headers"][1] == ["X-New", "yes please"]


def test_a_removed_call_is_no_longer_expected(folder):
    text = (folder / FIRST).read_text()
    (folder / FIRST).write_text(text[: text.index('  - id: "1.2"')])
    assert [call.id for call in load_suite(folder).cases[0].calls] == ["1.1"]


def test_a_case_added_by_hand_takes_its_place_by_the_number_in_its_name(folder):
    text = (folder / FIRST).read_text().replace("0001-post-orders", "mine")
    (folder / "cases/0001b-mine.yaml").write_text(text)
    assert [case.id for case in load_suite(folder).cases][:2] == ["0001-post-orders", "mine"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port: 8000", "prot: 8000", ":3: prot: no such field; did you mean port?"),
        ("port: 8000", 'port: "8000"', ':3: port: expected a whole number, found "8000"'),
        ("port: 8000", "port: 8OOO", ':3: port: expected a whole number, found "8OOO"'),
        ("protocol: http\n", "", ":1: the field protocol is missing"),
        ("uses: some", "uses: sme", ':42: calls.1.uses: expected one of once, many, some, maybe, found "sme"; did you mean some?'),
        ("destination: ", "destinatoin: ", ":28: calls.0.destinatoin: no such field; did you mean destination?"),
        ('after: ["1.1"]', "after: [1]", ':43: calls.1.after.0: expected text, found 1; put it in "quotes"'),
        ("kind: uuid", "kind: 3", ':24: generated.0.kind: expected text, found 3; put it in "quotes"'),
        ('  - id: "1.2"', '  - id: "1.1"', "is there twice"),
        ("status: 201", "status: 201\n  status: 202", ":17: response.status: the key 'status' is there twice"),
        ("item: tea", "item: &tea tea", ":12: request.body.item: anchors (&name) have no place in a suite; write the value out"),
        ("item: tea", "item: *tea", ":12: request.body.item: aliases (*name) have no place in a suite; write the value out"),
        ("item: tea", "item: !!python/object/apply:os.system [id]", ":12: request.body.item: the tag tag:yaml.org,2002:python/object/apply:os.system has no place in a suite"),
        ("item: tea", "item: !dec tea", ":12: request.body.item: not a !dec"),
        ("item: tea", "item: !body sha256:abc", ":12: request.body.item: expected sha256: and 64 hex digits, found 'sha256:abc'"),
        ("status: 201", "status: 2OO", ':16: response.status: expected a whole number, found "2OO"'),
        ("[Host, ", "[Host, b, ", ":9: request.headers.0: expected [name, value], found a list"),
        ('"localhost:8000"', "8000", ':9: request.headers.0.1: expected text, found 8000; put it in "quotes"'),
        ("item: tea", "item: [tea", "not YAML"),
        ("item: tea", "item: \x01", "not YAML"),
        ("calls:", "calls: none\nx:", ":25: calls: expected a list, found \"none\""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_and_field(folder, old, new, said):
    edit(folder / FIRST, old, new)
    found = complaint(folder)
    assert "0001-post-orders" in found
    assert said in found


def test_a_field_whose_name_has_a_line_break_is_told_on_one_line(folder):
    edit(folder / FIRST, "protocol:", '"proto\\ncol":')
    assert complaint(folder).startswith("cases/0001-post-orders.yaml:")
    assert "proto\\ncol: no such field" in complaint(folder)


def test_a_bomb_of_aliases_is_refused_at_the_first_anchor(folder):
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    (folder / FIRST).write_text(bomb)
    assert complaint(folder).startswith(FIRST + ":1: a: anchors")


def test_a_value_nested_ten_thousand_deep_is_refused(folder):
    (folder / FIRST).write_text("case: x\nrequest: " + "[" * 10_000 + "]" * 10_000)
    assert "nested deeper than 200 levels" in complaint(folder)


def test_a_file_that_is_no_text_is_refused_with_the_line(folder):
    (folder / FIRST).write_bytes(b"case: a\nprotocol: \xff\n")
    assert complaint(folder) == FIRST + ":2: not UTF-8 text"


def test_an_empty_suite_file_and_a_missing_suite_are_told(folder, tmp_path):
    (folder / "suite.yaml").write_text("")
    assert complaint(folder) == "suite.yaml:1: expected a mapping of fields, found nothing"
    assert "no suite here" in complaint(tmp_path / "elsewhere")


def test_a_newer_format_is_refused_naming_both_versions(folder):
    edit(folder / "suite.yaml", "format: 2", "format: 7")
    assert "suite format 7, this version of reenact reads 1 to 2" in complaint(folder)


def test_a_changed_and_a_missing_body_are_told(folder):
    (body,) = (folder / "bodies").iterdir()
    body.write_bytes(b"other")
    assert "was changed; to edit it, write the value here instead" in complaint(folder)
    body.unlink()
    assert "0003-get-logo.yaml:14: response.body: the body" in complaint(folder)


def test_a_need_of_an_unknown_case_is_told(folder):
    edit(folder / "cases/0002-get-order.yaml", "needs: [", 'needs: ["0009-x", ')
    assert "0002-get-order: needs: there is no case '0009-x'" in complaint(folder)


def test_two_files_with_one_case_id_are_told(folder):
    shutil.copy(folder / FIRST, folder / "cases/0009-copy.yaml")
    assert "is also the case of" in complaint(folder)


def test_recompiling_removes_old_cases_and_nothing_else(folder):
    (folder / "cases/notes.yaml").write_text("# mine\n")
    (folder / "README.md").write_text("mine")
    (folder / "bodies/mine.bin").write_text("mine")
    (folder / "files").mkdir()
    for name in ("cd" * 32, "mine"):
        (folder / "files" / name).write_text("")
    save_suite(SUITE, folder)
    assert (folder / "files" / ("cd" * 32)).exists()
    save_suite(msgspec.structs.replace(SUITE, cases=(POST, GET), session=(), files=()), folder)
    assert names(folder) == ["README.md", "bodies/mine.bin", FIRST, "cases/0002-get-order.yaml",
                             "cases/notes.yaml", "files/mine", "suite.yaml"]  # fmt: skip


def test_a_folder_with_a_suite_file_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "suite.yaml").write_text("tests: [a]\n")
    with pytest.raises(StoreError, match="is not a suite of reenact"):
        save_suite(SUITE, tmp_path)
    assert names(tmp_path) == ["suite.yaml"]


def test_files_that_did_not_change_are_not_written_again(folder):
    os.utime(folder / FIRST, ns=(1, 1))
    save_suite(SUITE, folder)
    assert (folder / FIRST).stat().st_mtime_ns == 1


@pytest.mark.parametrize("step", range(16))
def test_killed_at_any_step_the_folder_holds_the_old_or_the_new_suite(folder, monkeypatch, step):
    smaller = msgspec.structs.replace(SUITE, cases=(GET_ALONE,), rehearsed=9)

    class Killed(BaseException):
        pass

    left = step

    def may_die(*args, real, **kwargs):
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        return real(*args, **kwargs)

    for name in ("replace", "rename", "unlink", "mkdir"):
        real = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda *a, real=real, **k: may_die(*a, real=real, **k))
    with contextlib.suppress(Killed):
        save_suite(smaller, folder)
    monkeypatch.undo()
    assert load_suite(folder) in (SUITE, smaller)
    assert not (folder / replace.COMMIT).exists()


GET_ALONE = msgspec.structs.replace(GET, needs=())


def test_ids_that_are_no_file_names_are_numbered(tmp_path):
    odd = msgspec.structs.replace(
        SUITE, cases=(msgspec.structs.replace(POST, id="../../etc/Passwd"), GET_ALONE)
    )
    assert case_files(odd) == ["cases/0001-etc-passwd.yaml", "cases/0002-0002-get-order.yaml"]
    save_suite(odd, tmp_path / "s")
    assert load_suite(tmp_path / "s") == odd


def test_the_line_of_a_field_can_be_asked_for(folder):
    assert case_line(folder, FIRST, ("response", "body", "total")) == 21
    assert case_line(folder, FIRST, ("calls", 1, "uses")) == 42
    assert case_line(folder, "cases/none.yaml", ("response",)) == 1


def test_the_line_of_a_compared_place_is_that_of_its_counterpart(tmp_path):
    (tmp_path / "c.yaml").write_text(
        "response:\n  headers:\n    - [ETag, a]\n    - [X-Id, b]\n"
        "  body:\n    json:\n      total: 1\n    style: spaced\n"
    )
    assert case_line(tmp_path, "c.yaml", ("response", "body", "total")) == 7
    assert case_line(tmp_path, "c.yaml", ("response", "headers", "x-id")) == 4
    assert case_line(tmp_path, "c.yaml", ("response", "cookies", 0)) == 1


PIECES = [
    b"&a ", b"*a", b"!!binary ", b"!dec ", b"!escaped ", b"!int ", b"!float ", b"!text sha256:", b"!!set ",
    b"- ", b": ", b"? ", b"| ", b"\n", b"  ", b"{", b"]", b"'", b'"', b"\t", b"---\n", b"%", b"<<: ",
    b"\xff", b"\x00", b"\xed\xa0\x80", b"1e999999999", b"!dec 1e9999999999999",
]  # fmt: skip


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 9), st.sampled_from(PIECES)), max_size=4
    )
)
@settings(deadline=None, max_examples=400)
def test_whatever_happened_to_a_file_the_answer_is_a_suite_or_one_line(damage):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suite"
        shutil.copytree(OLD, folder)
        content = (folder / FIRST).read_bytes()
        for at, cut, piece in damage:
            content = content[:at] + piece + content[at + cut :]
        (folder / FIRST).write_bytes(content)
        said = outcome(folder)
        assert said == "loaded" or (said.startswith(str(folder)) and "\n" not in said)


def outcome(folder: Path) -> str:
    try:
        load_suite(folder)
    except StoreError as error:
        return str(error)
    return "loaded"
