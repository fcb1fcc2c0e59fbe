"""Which parts of two texts are generated values, and which make them different texts."""

from __future__ import annotations

import pytest

from reenact.rename.align import align

ID = "eea356fcb64341f35a3e4f520ac6c0acc15317b793db428357627e9e7bd3bfd8"
OTHER = "c047cf59211991c624cd053a33f5780c089d855ef05e8b51972be8662eddb65c"


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        (f"{ID}:openai/gpt-test:tpm:20-58", f"{ID}:openai/gpt-test:rpm:20-58"),
        (f"{ID}:openai/gpt-test:tpm:20-58", f"{OTHER}:openai/emb:tpm:20-58"),
        (f"router:{ID}:gpt:tpm", f"router:{OTHER}:embeddings:tpm"),
    ],
)
def test_names_joined_with_a_random_id_are_not_random_themselves(recorded: str, live: str) -> None:
    assert align(recorded, live) is None


def test_each_segment_of_a_name_may_vary_by_its_own_form() -> None:
    found = align(f"{ID}:x+/9{'Qz7' * 6}:tpm", f"{OTHER}:w+/8{'Kp3' * 6}-:tpm")
    assert found is not None
    assert [piece.kind for piece in found] == ["hex", "token"]
