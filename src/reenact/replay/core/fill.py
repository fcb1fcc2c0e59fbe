"""A call that a real dependency answered, as it would have been recorded with its case. Pure."""

from __future__ import annotations

from reenact.match.pool import Asked
from reenact.model.exchange import Outcome
from reenact.model.suite import Interaction, Uses
from reenact.model.value import Value
from reenact.rename.shift import moved
from reenact.rename.table import Renaming
from reenact.replay.core.case import Running
from reenact.replay.core.events import Filled


def fill(
    running: Running,
    asked: Asked,
    response: Value,
    names: Renaming,
    *,
    wall_ns: int,
    tls: bool,
) -> Filled:
    """Live values are told as the recorded ones, and times as those of the recording: of the request by
    the service's clock, of the response by the dependency's, `wall_ns`."""
    request, moment = asked.request, running.moment
    answer = names.untell(response)
    told = names.untell(request)
    if moment is not None:
        told = moved(told, moment.recorded_ns - moment.live_ns, moment.live_ns)
        answer = moved(answer, moment.recorded_ns - wall_ns, wall_ns)
    interaction = Interaction(
        id=f"live.{len(running.filled) + 1}",
        protocol=asked.protocol,
        destination=asked.destination,
        connection=0,
        outcome=Outcome.COMPLETE,
        request=told,
        response=answer,
        asked_ns=max(0, running.last_ns - running.began_ns),
        tls=tls,
        uses=Uses.ONCE if running.case is not None else Uses.MANY,
    )
    own = [served.interaction for served in running.served if served.owner == running.id]
    return Filled(case=running.id, follows=own[-1] if own else "", interaction=interaction)
