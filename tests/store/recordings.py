"""Small recordings to write and read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from reenact.model.segment import Endpoint, Flow, Role, Segment, SegmentKind, Side
from reenact.store.capture import Accounting, Meta
from reenact.store.writer import CaptureWriter

META = Meta(reenact="0.1.0", command=("python", "-m", "orders"), started_ns=1_700_000_000 * 10**9)


def flow(number: int, role: Role = Role.INBOUND) -> Flow:
    return Flow(
        id=number,
        role=role,
        client=Endpoint("127.0.0.1", 40000 + number),
        server=Endpoint("127.0.0.1", 8000),
        opened_ns=number,
    )


segments = st.lists(
    st.builds(
        Segment,
        seq=st.just(0),
        flow=st.integers(1, 3),
        side=st.sampled_from(Side),
        kind=st.just(SegmentKind.DATA),
        at_ns=st.integers(0, 2**62),
        data=st.binary(min_size=1, max_size=40),
    ),
    max_size=12,
)


def write(path: Path, said: Sequence[Segment], *, per_block: int = 3) -> Accounting:
    """Three flows; a block for so many segments."""
    writer = CaptureWriter(path, META, print)
    for number in (1, 2, 3):
        writer.flow(flow(number))
    for n, segment in enumerate(said, 1):
        writer.add(segment)
        if n % per_block == 0:
            writer.flush()
    return writer.close(("a note",))
