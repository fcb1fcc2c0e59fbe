"""What a caller said is not what a service made up."""

from __future__ import annotations

from reenact.diff.tree import Terms, compare
from reenact.rename.given import given_words
from reenact.rename.table import Renaming

ANN, BOB = "26e60414b0de@example.org", "67ca512d8400@example.org"


def test_words_and_whole_texts_of_requests_are_given() -> None:
    words = given_words([{"body": {"email": ANN, "n": 1, "short": "abc"}}, b"raw-bytes-word"])
    assert {"26e60414b0de", ANN, "raw-bytes-word"} <= words
    assert "abc" not in words


def test_a_given_word_is_never_the_counterpart_of_another() -> None:
    anyone = Terms(Renaming(), discover=True)
    assert compare({"email": ANN}, {"email": BOB}, (), anyone).equal
    terms = Terms(Renaming(), discover=True, given=given_words([{"email": BOB}]))
    assert not compare({"email": ANN}, {"email": BOB}, (), terms).equal
    assert compare({"email": BOB}, {"email": BOB}, (), terms).equal
