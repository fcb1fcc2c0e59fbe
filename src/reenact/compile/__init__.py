"""Exchanges -> suite: incoming ones become cases, outgoing ones their calls or the session's."""

from reenact.compile.build import Recording, compile_suite

__all__ = ["Recording", "compile_suite"]
