"""System calls of the service that wait for us: a process can have one listener only (seccomp(2)),
so what wants to see them (`watching`, `reenact.sandbox.seed`) shares it."""

from __future__ import annotations

import os
import socket

from reenact.sandbox.files import notify, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reenact.sandbox.inside.watching import Watched
    from reenact.sandbox.seed.seeded import Seeded


class Told:
    """`hand_out` is called in the service's process, everything else in PID 1."""

    def __init__(self, watched: Watched | None, seeded: Seeded | None) -> None:
        self._watched = watched
        self._seeded = seeded
        self._ours, self._theirs = socket.socketpair()

    def hand_out(self) -> None:
        """From here on, such calls wait for `begin`."""
        try:
            listener = seccomp.install(
                changes=self._watched is not None, draws=self._seeded is not None
            )
        except OSError as error:
            text = f"no seccomp filter can be set here: {error.strerror}"
            self._theirs.send(text.encode())
        else:
            socket.send_fds(self._theirs, [b"l"], [listener])
            os.close(listener)
        self._theirs.close()

    def begin(self) -> tuple[list[int], str]:
        """Descriptors for the recorder, and why randomness is not ours though it should be."""
        self._theirs.close()
        with self._ours:
            data, descriptors, _, _ = socket.recv_fds(self._ours, 256, 1)
        if not descriptors:
            problem = data.decode() or "the service's process ended"
            if self._watched is not None:
                self._watched.none(problem)
            return [], problem if self._seeded is not None else ""
        listener, out = descriptors[0], []
        looking = None
        if self._watched is not None:
            looking, theirs = self._watched.begin()
            out.append(theirs)
        draws = None if self._seeded is None else self._seeded.draws

        def answered(call: notify.Call) -> bool:
            if draws is not None and draws.answered(listener, call):
                return True
            if looking is not None:
                looking.look(call)
            return False

        notify.serve(listener, answered)
        return out, ""
