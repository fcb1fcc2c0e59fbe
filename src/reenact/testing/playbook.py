"""Say what a responder is told and what it must do, line by line."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from reenact.model.protocol import Action, Responder


class Playbook:
    """A responder's dialogue.

        with Playbook(responder) as play:
            play.on(lambda r: r.receive(b"*1\\r\\n$4\\r\\nPING\\r\\n", 0)).expect(Ask(0, {...}))

    Each `on` is followed by one `expect` that names every action, in order; an action that nobody
    expected fails, at the next `on` or at the end of the block. The message is the whole dialogue.
    """

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._got: list[Action] | None = None
        self._lines: list[str] = []

    def __enter__(self) -> Playbook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._nothing_left()

    def on(self, event: Callable[[Responder], list[Action] | None]) -> Playbook:
        """`None`, what `push` says when nobody listens, counts as no action."""
        self._nothing_left()
        self._got = event(self._responder) or []
        self._lines.append(f"did       {self._got}")
        return self

    def expect(self, *actions: Action) -> Playbook:
        assert self._got is not None, "expect without on"
        assert self._got == list(actions), self._told(f"expected  {list(actions)}")
        self._got = None
        return self

    def _nothing_left(self) -> None:
        assert not self._got, self._told("expected  nothing was said of it")

    def _told(self, last: str) -> str:
        return "\n".join([*self._lines, last])
