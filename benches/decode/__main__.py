"""`python -m benches.decode CAPTURE...`: MB/s and exchanges/s by protocol, also of each flow twice."""

from __future__ import annotations

import sys
import time  # noqa: TID251
from collections import defaultdict
from pathlib import Path

from reenact.decode import decode_flow, recognise
from reenact.model.segment import SegmentKind
from reenact.protocols import builtin
from reenact.store.capture import open_capture


def main() -> None:
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for name in sys.argv[1:]:
        capture = open_capture(Path(name))
        for id, flow in capture.flows.items():
            segments = capture.segments(id)
            plugin = recognise(flow, segments, builtin())
            data = [s for s in segments if s.kind is SegmentKind.DATA]
            total = totals[plugin.name]
            total[0] += sum(len(s.data) for s in data)
            began = time.perf_counter()
            total[1] += len(decode_flow(flow, segments, plugin))
            middle = time.perf_counter()
            decode_flow(flow, [*segments, *data], plugin)
            total[2] += middle - began
            total[3] += time.perf_counter() - middle
    print(f"{'':10} {'MB':>8} {'MB/s':>8} {'exchanges/s':>12} {'twice the input':>16}")
    for protocol, (size, exchanges, once, twice) in sorted(totals.items()):
        if once:
            rates = f"{size / 1e6:8.2f} {size / 1e6 / once:8.1f} {exchanges / once:12.0f}"
            print(f"{protocol:10} {rates} {twice / once:15.2f}x")


if __name__ == "__main__":
    main()
