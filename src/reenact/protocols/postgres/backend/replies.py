"""Small questions to what the engine replied."""

from __future__ import annotations

from typing import TypeAlias

from reenact.model.exchange import Outcome
from reenact.model.protocol import Answer, Refuse
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.trees import Tree

Reply: TypeAlias = Answer | Refuse

NO_RECORDING = "XX000"
"""internal_error: no driver retries it, and none takes it for a condition of its own."""


def response_of(reply: Reply) -> Tree:
    """Empty for a refusal."""
    return reply.response if isinstance(reply, Answer) and isinstance(reply.response, dict) else {}


def failed(reply: Reply) -> bool:
    return isinstance(reply, Refuse) or "error" in response_of(reply)


def failure(reply: Reply, severity: str = "ERROR") -> m.ErrorResponse:
    """What the client is told of a reply that `failed`."""
    if isinstance(reply, Refuse):
        return serve.error(NO_RECORDING, f"reenact: no recording: {reply.reason}", severity)
    return serve.error_message(response_of(reply)["error"])


def is_cut(reply: Reply) -> bool:
    """Whether the recorded connection ended in the middle of this answer."""
    return isinstance(reply, Answer) and reply.interaction.outcome in (Outcome.CUT, Outcome.BROKEN)


def is_fatal(response: Tree) -> bool:
    """After these the server closes the connection."""
    error = response.get("error")
    if not isinstance(error, dict):
        return False
    return error.get("severity_code", error.get("severity")) in ("FATAL", "PANIC")
