"""The replay engine: pure. Events and times go in, commands come out.

`events` what the shell tells and is told; `calls` the recorded calls and which one is served;
`case` one case while it runs; `engine` ties connections, cases and calls together.
"""

from reenact.replay.core.engine import Engine, Mode

__all__ = ["Engine", "Mode"]
