"""`record`: from a command to a capture file."""

from __future__ import annotations

from collections.abc import Callable

from reenact.base.clock import Clock
from reenact.record.options import RecordOptions, RecordResult
from reenact.sandbox import need


def record(options: RecordOptions, clock: Clock, say: Callable[[str], None]) -> RecordResult:
    """Run the service and record it until it ends or Ctrl-C. `say` gets lines for people.

    Raises UserError when the command cannot be run, MachineError when there is no sandbox here,
    a port is taken, or the service never listened.
    """
    # Imported late: the sandbox exists on Linux only, explicit mode everywhere.
    if options.explicit:
        from reenact.record.explicit import record_explicitly

        return record_explicitly(options, clock, say)
    need.linux()
    from reenact.record.sandbox import record_in_sandbox

    return record_in_sandbox(options, clock, say)
