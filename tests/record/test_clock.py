"""The wall clock may jump while recording; what the recording says of time does not."""

from __future__ import annotations

from pathlib import Path

from reenact.base.clock import ManualClock
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Role, Side
from reenact.record.keeping import writing
from reenact.record.options import RecordOptions
from reenact.store.capture import open_capture

HOUR = 3600 * 10**9


class JumpingClock(ManualClock):
    def wall_ns(self) -> int:
        return 10 * HOUR - 2 * self.now_ns()  # set back again and again


def test_times_of_a_recording_are_those_of_a_clock_that_only_goes_forward(tmp_path: Path) -> None:
    clock = JumpingClock(at_ns=5)
    options = RecordOptions(command=("a",), cwd=tmp_path, env={}, capture=tmp_path / "r.capture")
    with writing(options, clock, print, ("192.0.2.7",)) as (writer, recorder):
        _talk(recorder, clock)
        writer.close()
    capture = open_capture(options.capture)
    assert capture.meta.started_ns == 10 * HOUR - 10
    assert capture.meta.addresses == ("192.0.2.7",)
    assert capture.flows[1].opened_ns == HOUR
    assert [s.at_ns for s in capture.all_segments()] == [HOUR, 2 * HOUR, 3 * HOUR]


def _talk(recorder: Recorder, clock: ManualClock) -> None:
    clock.advance(HOUR)
    tap = recorder.open(Role.INBOUND, Endpoint("192.0.2.1", 1), Endpoint("192.0.2.2", 2))
    clock.advance(HOUR)
    tap.data(Side.CLIENT, b"a")
    clock.advance(HOUR)
    tap.eof(Side.CLIENT)
