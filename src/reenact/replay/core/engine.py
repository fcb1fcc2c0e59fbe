"""Replaying a suite, without I/O: the shell and the simulator drive the same object."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from reenact.diff.tree import Comparison
from reenact.match.pool import Asked, Recorded
from reenact.model.destination import destination
from reenact.model.exchange import Outcome
from reenact.model.protocol import (
    Action,
    Answer,
    Ask,
    Caller,
    Close,
    Faulty,
    ProtocolPlugin,
    Received,
    Refuse,
    Responder,
    Send,
    StartTls,
)
from reenact.model.protocol import WakeAt as WakeResponderAt
from reenact.model.segment import Endpoint, Flow, Role
from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Value
from reenact.model.verdict import Miss, Status
from reenact.rename.instants import Moment
from reenact.rename.table import Renaming
from reenact.replay.core.afterwards import afterwards
from reenact.replay.core.calls import Background, Calls, Choice, Wait, pushes
from reenact.replay.core.case import CALL_WAIT_NS, Judge, Running, set_aside
from reenact.replay.core.clock import CaseClock
from reenact.replay.core.conn import Conn
from reenact.replay.core.events import (
    AskLive,
    CaseDone,
    Command,
    Dial,
    Finished,
    MoveClock,
    Shut,
    Stray,
    UpgradeTls,
    WakeAt,
    Write,
)
from reenact.replay.core.fill import fill
from reenact.replay.core.known import Known
from reenact.replay.core.later import Held, Later, as_recorded
from reenact.replay.core.shake import Shake
from reenact.replay.core.whose import Whose

QUIET_NS = 20 * 10**6
"""First rehearsal only: a case is over when nothing was asked for this long after its response, or for
longer where the recording shows that it goes on (`afterwards`)."""

SEEN_WAIT_NS = 250 * 10**6
"""Later rehearsals: how long the calls are waited for that a case made in an earlier one."""


IN_VAIN_MAX = 5
"""Cases that wait in full for a missing call; those after them wait as later rehearsals do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """`discover` is rehearsal: sites of generated values are found. `linger`: nothing is known yet
    of what a case does after its response, so give it a moment. `rehearsal`: what
    depends on the pace of the service's own threads is accepted and noted. `shake` numbers a run in which
    answers come late (`shake.py`); 0: they don't. `doubts`: what goes wrong after an unsure
    answer is not told; the engine is `void` then, and stops. `pause_ns`: between a case and the
    next. `live` are destinations whose missing answers the
    real ones give, with the protocol spoken there and whether inside TLS."""

    discover: bool = False
    linger: bool = False
    responses_only: bool = False
    fail_fast: bool = False
    rehearsal: bool = False
    shake: int = 0
    doubts: bool = False
    pause_ns: int = 0
    live: Mapping[str, tuple[str, bool]] = field(default_factory=dict)


class Engine:
    def __init__(
        self,
        suite: Suite,
        plugins: Mapping[str, ProtocolPlugin],
        mode: Mode,
        *,
        wall_ns: int,
        now_ns: int,
        real_ns: int | None = None,
        cases: Sequence[Case] | None = None,
        clock: CaseClock | None = None,
    ) -> None:
        """`cases` are the ones to run, in order (default: all of the suite). `wall_ns` is what the
        service's wall clock shows at `now_ns`, `real_ns` the machine's (default: the same); `clock` is how it moves (default: by itself)."""
        self._suite = suite
        self._plugins = plugins
        self._mode = mode
        self._clock = clock or CaseClock()
        self._to_wall_ns = wall_ns - now_ns
        self._ahead_ns = wall_ns - suite.started_ns
        self._to_real_ns = (wall_ns if real_ns is None else real_ns) - now_ns
        self._real_ahead_ns = self._to_real_ns + now_ns - suite.started_ns
        self.names = Renaming()
        self._calls = Calls(
            suite, plugins, self.names, discover=mode.discover, share=mode.rehearsal
        )
        self._judge = Judge(
            self.names,
            self._calls.reader,
            discover=mode.discover,
            responses_only=mode.responses_only,
            rehearsal=mode.rehearsal,
        )
        self._known = Known(suite, plugins, mode.live)
        self._todo = deque(suite.cases if cases is None else cases)
        self._conns: dict[int, Conn] = {}
        self._callers: dict[int, Caller] = {}
        self._dials = 0
        place = {case.id: n for n, case in enumerate(suite.cases)}
        self._whose = Whose(self._calls, self.names, place, discover=mode.discover)
        self._later = Later(Shake(self._todo, mode.shake, len(suite.session)))
        self._used_before: set[int] = set()
        self._afterwards = afterwards(suite) if mode.linger else {}
        self._in_vain = 0  # cases that waited for calls which did not come
        self._unanswered = 0  # cases whose response did not come in time
        self._by_recorded: dict[int, int] = {}  # recorded inbound flow -> live connection
        self._to_come = Counter(case.connection for case in self._todo)  # by the former
        self._outside = Running("", None, now_ns, self._moment(0, now_ns, 0))
        self._now = self._outside
        self._session = self._outside
        self._waiting: dict[tuple[int, int], Ask] = {}  # by connection and token
        self._live: dict[tuple[int, int], tuple[Running, Asked]] = {}  # the same
        self._listening = False
        self._finished = False
        self._next_ns: int | None = None  # when the next case is sent, during a pause
        self._passed_ns = 0  # the end of the last case, on the capture's clock
        self.unsure: dict[str, None] = {}
        """What was answered with the state of another time, since that of its own was not recorded, or
        refused as another case's."""
        self.void = False

    # -- what the shell tells ---------------------------------------------------------------

    def listening(self) -> None:
        """The service's ports are open."""
        self._listening = True

    def begin(self, now_ns: int) -> list[Command]:
        """Send the first case."""
        self._listening = True
        return self._next_case(now_ns)

    def opened(self, conn: int, flow: Flow, now_ns: int) -> list[Command]:
        """The service opened a connection; it stands already, as far as the service knows."""
        where = destination(flow, self._known.names)
        made = self._conns[conn] = Conn(flow, where)
        protocols = self._known.protocols(where)
        if protocols is None:
            self._unknown_destination(where, now_ns)
            return [Shut(conn, reset=True)]
        if self._known.refused(where):
            return [Shut(conn, reset=True)]
        if len(protocols) == 1:
            return self._speak(conn, made, protocols[0], now_ns)
        return []

    def expects_tls(self, flow: Flow) -> bool:
        """Whether connections to this address carried TLS: then the client speaks first.

        What is called by the name in its ClientHello is not known by its address yet; there the
        port has to do.
        """
        where = destination(flow, self._known.names)
        if self._known.protocols(where) is not None:
            return self._known.tls(where)
        return self._known.tls_on_port(flow.server.port)

    def tls_refused(self, flow: Flow, why: str) -> None:
        """The service did not accept our certificate, or broke off its own handshake."""
        where = destination(flow, self._known.names)
        self._now.faults.append(
            f"{where}: the service broke off TLS ({why}); if it trusts a private CA file, name "
            "the file in tls.trust_files"
        )

    def received(self, conn: int, data: bytes, now_ns: int) -> list[Command]:
        if conn < 0:
            caller = self._callers.get(conn)
            return (
                [] if caller is None else self._called(conn, caller.receive(data, now_ns), now_ns)
            )
        made = self._conns.get(conn)
        if made is None:
            return []
        if made.responder is None:
            made.waiting += data
            protocol = self._known.recognise(made.flow, made.destination, made.waiting)
            if protocol is None:
                return []
            out = self._speak(conn, made, protocol, now_ns)
            data, made.waiting = made.waiting, b""
            return out + self._do(conn, self._responder(made).receive(data, now_ns), now_ns)
        return self._do(conn, made.responder.receive(data, now_ns), now_ns)

    def ended(self, conn: int, now_ns: int, *, reset: bool = False) -> list[Command]:
        if conn < 0:
            caller = self._callers.pop(conn, None)
            if caller is None:
                return []
            return self._called(conn, caller.eof(now_ns, reset=reset), now_ns)
        made = self._conns.pop(conn, None)
        if made is None or made.responder is None:
            return [Shut(conn)]
        self._whose.credit(made, None, self._now, self._window())
        return self._do(conn, made.responder.eof(now_ns, reset=reset), now_ns)

    def dialled(self, conn: int, now_ns: int) -> list[Command]:
        case = self._now.case
        assert case is not None
        flow = Flow(
            id=conn,
            role=Role.INBOUND,
            client=Endpoint("127.0.0.1", 0),
            server=Endpoint("127.0.0.1", case.port),
            tls=case.tls,
        )
        make = self._plugins[case.protocol].caller
        assert make is not None
        self._callers[conn] = make(flow)
        self._by_recorded[case.connection] = conn
        return self._call(conn, case, now_ns)

    def dial_failed(self, conn: int, why: str, now_ns: int) -> list[Command]:
        self._now.error = f"the service does not accept connections any more: {why}"
        self._now.done_ns = now_ns
        return self._finish_case(now_ns)

    def service_exited(self, why: str, now_ns: int, see: str = "") -> list[Command]:
        """The service is gone: the open case failed, and those after it as well. `see` is a file
        with its output."""
        out: list[Command] = []
        if self._now.case is not None:
            self._now.error, self._now.see = why, see
            out += self._done(now_ns)
        for case in self._todo:
            running = Running(case.id, case, now_ns, None, error=why, see=see)
            if case.aside:
                out.append(self._aside(case))
            else:
                out.append(CaseDone(*self._judge.verdict(running, self._calls, now_ns)))
        self._todo.clear()
        return [*out, *self._end(now_ns)]

    def strays(self) -> tuple[Stray, ...]:
        """What was asked outside of any case and never recorded, so far."""
        return self._outside.strays()

    def tick(self, now_ns: int) -> list[Command]:
        out: list[Command] = []
        for held in self._later.due(now_ns):
            out += self._serve(held.conn, held.token, held.interaction, now_ns)
        for conn, made in list(self._conns.items()):
            if made.responder is not None:
                out += self._do(conn, made.responder.wake(now_ns), now_ns)
        if self._next_ns is not None and now_ns >= self._next_ns:
            self._next_ns = None
            return out + self._next_case(now_ns)
        return out + self._progress(now_ns)

    # -- cases ------------------------------------------------------------------------------

    def _next_case(self, now_ns: int) -> list[Command]:
        out: list[Command] = []
        while self._todo:
            case = self._todo.popleft()
            self._to_come[case.connection] -= 1
            if case.response is None:
                out.append(self._aside(case))
                continue
            out += self._move_clock(case, now_ns)
            self._now = Running(
                case.id,
                case,
                now_ns,
                self._moment(case.at_ns, now_ns, case.took_ns),
                last_ns=now_ns,
                answered=self._calls.asked_before(case.id),
            )
            conn = self._by_recorded.get(case.connection)
            caller = None if conn is None else self._callers.get(conn)
            if conn is not None and caller is not None and caller.reusable():
                self._used_before.add(conn)
                return out + self._call(conn, case, now_ns)
            self._dials += 1
            return [*out, Dial(-self._dials, case.port, case.tls)]
        return out + self._end(now_ns)

    def _move_clock(self, case: Case, now_ns: int) -> list[Command]:
        """A service lives at the time of its recording, but its clock never goes back."""
        due_ns = self._clock.due(case.at_ns)
        ahead_ns = 0 if due_ns is None else due_ns - (now_ns + self._to_wall_ns)
        if ahead_ns <= 0:
            return []
        self._to_wall_ns += ahead_ns
        return [MoveClock(ahead_ns)]

    def _aside(self, case: Case) -> CaseDone:
        title = self._plugins[case.protocol].matcher.label(case.request)
        empty = Running(case.id, case, 0, None)
        return CaseDone(set_aside(case, title), self._judge.observation(empty, Comparison()))

    def _call(self, conn: int, case: Case, now_ns: int) -> list[Command]:
        request = self.names.retell(case.request, self._now.uses)
        actions = self._callers[conn].call(1, request, now_ns)
        wait = WakeAt(self._now.response_deadline_ns(hung=self._unanswered >= 2))
        return [*self._called(conn, actions, now_ns), wait, *self._push(now_ns)]

    def _called(self, conn: int, actions: list[Action], now_ns: int) -> list[Command]:
        """What the caller of a case's connection wants done."""
        out: list[Command] = []
        for action in actions:
            match action:
                case Send(data=data):
                    out.append(Write(conn, data))
                case Close(reset=reset):
                    self._callers.pop(conn, None)
                    out.append(Shut(conn, reset))
                case Received(response=None) if self._stale(conn):
                    self._dials += 1
                    case = self._now.case
                    assert case is not None
                    out.append(Dial(-self._dials, case.port, case.tls))
                case Received(response=response, error=error):
                    self._now.response, self._now.error = response, error
                    self._now.done_ns = self._now.last_ns = now_ns
                    out += self._progress(now_ns)
                case _:
                    raise AssertionError(action)
        return out

    def _stale(self, conn: int) -> bool:
        """Whether a kept connection had been closed when the case was sent on it, unseen by us: a
        client then sends once more on a new one (RFC 9112, 9.3.1)."""
        stale = conn in self._used_before and not self._now.steps and not self._now.misses
        self._used_before.discard(conn)
        if stale:
            self._callers.pop(conn, None)
        return stale

    def _progress(self, now_ns: int) -> list[Command]:
        """End the open case if it is over; else say when to look again."""
        running = self._now
        if running.case is None:
            return []
        if running.done_ns is None:
            deadline = running.response_deadline_ns(hung=self._unanswered >= 2)
            if now_ns < deadline:
                return [WakeAt(deadline)]
            running.error = "no response in time"
            self._unanswered += 1
            return self._finish_case(now_ns)
        missing = [call.interaction for call in self._calls.unused(running.id)]
        if missing and not self._mode.responses_only:
            deadline = running.calls_deadline_ns(missing, self._patience_ns())
            if now_ns < deadline:
                return [WakeAt(deadline)]
            self._in_vain += 1
        if self._later.shaken:
            return []
        if self._mode.linger and now_ns < (quiet_ns := self._quiet_at_ns(running)):
            return [WakeAt(quiet_ns)]
        return self._finish_case(now_ns)

    def _quiet_at_ns(self, running: Running) -> int:
        """When the case has been silent long enough, and twice as long as it went on when recorded."""
        assert running.done_ns is not None
        after_ns = self._afterwards.get(running.id, 0)
        return max(running.quiet_at_ns(QUIET_NS), running.done_ns + 2 * after_ns)

    def _patience_ns(self) -> int:
        """The first rehearsal does not trust the compiler's guess of what is still to come, and a
        test in which calls are missing again and again has its verdict."""
        if not self._mode.discover and self._in_vain < IN_VAIN_MAX:
            return CALL_WAIT_NS
        return SEEN_WAIT_NS if self._suite.rehearsed else QUIET_NS

    def _finish_case(self, now_ns: int) -> list[Command]:
        case = self._now.case
        assert case is not None
        hung_up = self._hang_up(case, doubtful=self._now.response is None)
        done = self._done(now_ns)
        if self._mode.doubts and self.unsure and not all(map(self._went_well, done)):
            self.void = True
            self._todo.clear()
            return [*hung_up, *self._end(now_ns)]
        if self._mode.fail_fast and any(d.verdict.status is Status.FAIL for d in done):
            self._todo.clear()
        return [*done, *hung_up, *self._paused(now_ns)]

    def _paused(self, now_ns: int) -> list[Command]:
        if not self._mode.pause_ns or not self._todo:
            return self._next_case(now_ns)
        self._next_ns = now_ns + self._mode.pause_ns
        return [WakeAt(self._next_ns)]

    def _went_well(self, done: CaseDone) -> bool:
        if self._mode.discover:
            return done.observation.reproduced
        return done.verdict.status is not Status.FAIL

    def _hang_up(self, case: Case, *, doubtful: bool) -> list[Command]:
        """A client closes a connection on which it asks no more, or gets no answer: a service of one thread
        hears nobody else until then."""
        if self._to_come[case.connection] and not doubtful:
            return []
        conn = self._by_recorded.pop(case.connection, None)
        return [] if conn is None or self._callers.pop(conn, None) is None else [Shut(conn)]

    def _done(self, now_ns: int) -> list[CaseDone]:
        """The verdict of the open case."""
        running, self._now = self._now, self._outside
        case = running.case
        assert case is not None
        self._passed_ns = case.at_ns + case.took_ns
        return [CaseDone(*self._judge.verdict(running, self._calls, now_ns))]

    def _end(self, now_ns: int) -> list[Command]:
        if self._finished:
            return []
        self._finished = True
        return [Finished(*self._judge.session(self._outside, now_ns))]

    def _moment(self, at_ns: int, now_ns: int, took_ns: int) -> Moment:
        recorded_ns = self._suite.started_ns + at_ns
        return Moment(
            recorded_ns,
            now_ns + self._to_wall_ns,
            took_ns,
            self._ahead_ns,
            now_ns + self._to_real_ns,
            self._real_ahead_ns,
        )

    def _window(self) -> tuple[int, int]:
        """When the present was recorded, on the capture's clock: the open case's time, or all
        that lies between its neighbours."""
        case = self._now.case
        if case is not None:
            return case.at_ns, case.at_ns + case.took_ns
        ahead = self._todo[0].at_ns if self._todo else 2**63
        return self._passed_ns, ahead

    # -- calls ------------------------------------------------------------------------------

    def _speak(self, conn: int, made: Conn, protocol: str, now_ns: int) -> list[Command]:
        made.protocol = protocol
        flow = msgspec.structs.replace(
            made.flow, tls=made.flow.tls or self._known.tls(made.destination)
        )
        made.responder = self._known.responder(flow, made.destination, protocol)
        return self._do(conn, made.responder.start(now_ns), now_ns) + self._push(now_ns)

    @staticmethod
    def _responder(made: Conn) -> Responder:
        assert made.responder is not None
        return made.responder

    def _do(self, conn: int, actions: list[Action], now_ns: int) -> list[Command]:
        """What the responder of a dependency connection wants done."""
        out: list[Command] = []
        for action in actions:
            match action:
                case Send(data=data):
                    out.append(Write(conn, data))
                case Close(reset=reset):
                    self._conns.pop(conn, None)
                    out.append(Shut(conn, reset))
                case StartTls():
                    out.append(UpgradeTls(conn))
                case WakeResponderAt(at_ns=at_ns):
                    out.append(WakeAt(at_ns))
                case Faulty(reason=reason):
                    self._now.faults.append(f"{self._conns[conn].destination}: {reason}")
                case Ask():
                    out += self._asked(conn, action, now_ns)
                case _:
                    raise AssertionError(action)
        return out

    def _asked(self, conn: int, ask: Ask, now_ns: int) -> list[Command]:
        made = self._conns[conn]
        asked = self._calls.reader.asked(made.protocol, made.destination, ask.request)
        if asked.opens and (like := self._calls.lines.any_edge(asked)) is not None:
            made.begun(asked, now_ns)
            return self._answered_like(conn, ask.token, like, now_ns)
        running, window = self._now, self._window()
        if asked.waits and (wait := self._calls.wait(asked, running.id)) is not None:
            return self._wait(conn, ask, wait, now_ns)
        found = self._whose.found(made, asked, running, window)
        if isinstance(found, Miss) and (always := self._always(made, asked)):
            running.asked(asked, Background(always), now_ns)
            return self._answered_like(conn, ask.token, always, now_ns)
        late_of = self._whose.late_of(made, asked, found, running)
        self._whose.credit(made, found, running, window, late_of)
        if isinstance(found, Background):
            running.asked(asked, found, now_ns)
            return self._answered_like(conn, ask.token, found.like, now_ns)
        if isinstance(found, Miss):
            return self._missed(conn, ask, asked, found, now_ns)
        return self._chosen(conn, ask.token, asked, found, late_of, now_ns)

    def _missed(self, conn: int, ask: Ask, asked: Asked, found: Miss, now_ns: int) -> list[Command]:
        """It was not recorded: refused, or asked live."""
        made, running = self._conns[conn], self._now
        if made.destination in self._mode.live and not found.repeated:
            return self._ask_live(conn, ask, asked, found, now_ns)
        if self._calls.elsewhere(asked):
            self.unsure[asked.label] = None
        if asked.housekeeping:
            running = self._outside
        running.asked(asked, found, now_ns)
        actions = self._responder(made).answer(ask.token, Refuse(_refusal(found)), now_ns)
        return self._do(conn, actions, now_ns) + self._progress(now_ns)

    def _chosen(
        self, conn: int, token: int, asked: Asked, found: Choice, late_of: str, now_ns: int
    ) -> list[Command]:
        """It is a recorded call, whose answer is given now or later."""
        running = self._now
        for b in found.comparison.bindings:
            conflict = self.names.add(b, running.id)
            if conflict is not None:
                running.conflicts.append(conflict)
        running.asked(asked, found, now_ns, late_of)
        if found.unsure:
            self.unsure[asked.label] = None
        interaction = (found.state or found.call).interaction
        wait_ns: int | None = 0
        if not found.due:
            wait_ns = self._later.wait_ns(interaction, found.call.case, listening=self._listening)
        if wait_ns is None:
            return []
        at_ns = max(now_ns + wait_ns, self._later.until_ns(conn))
        if at_ns > now_ns:
            shaken = bool(self._mode.shake) and not as_recorded(interaction, found.call.case)
            running.shaken_ns += at_ns - now_ns if shaken else 0
            return [self._later.hold(Held(at_ns, conn, token, interaction, shaken=shaken))]
        return self._serve(conn, token, interaction, now_ns) + self._progress(now_ns)

    def _always(self, made: Conn, asked: Asked) -> Recorded | None:
        return None if made.destination in self._mode.live else self._calls.reader.always(asked)

    def _answered_like(
        self, conn: int, token: int, like: Recorded | None, now_ns: int
    ) -> list[Command]:
        reply: Answer | Refuse = Refuse(
            "the end of background work that was not seen while recording"
        )
        if like is not None:
            reply = Answer(like.interaction, self.names.retell(like.interaction.response))
        return self._do(
            conn, self._responder(self._conns[conn]).answer(token, reply, now_ns), now_ns
        )

    def _wait(self, conn: int, ask: Ask, wait: Wait, now_ns: int) -> list[Command]:
        """A worker waits for what a call that has not been made yet will hand it."""
        self._waiting[conn, ask.token] = ask
        if wait.idle is None:
            return []
        idle = wait.idle.interaction
        return [self._later.hold(Held(now_ns + idle.took_ns, conn, ask.token, idle))]

    def _hand_on(self, interaction: Interaction, now_ns: int) -> list[Command]:
        """Those that wait may have been waiting for this call."""
        self._calls.answered(interaction)
        out: list[Command] = []
        for (conn, token), ask in list(self._waiting.items()):
            if self._waiting.pop((conn, token), None) and conn in self._conns:
                self._later.forget(conn, token)
                out += self._asked(conn, ask, now_ns)
        return out

    def _ask_live(
        self, conn: int, ask: Ask, asked: Asked, found: Miss, now_ns: int
    ) -> list[Command]:
        """It stays a finding: nobody has looked at the call yet."""
        running = self._now
        running.asked(asked, msgspec.structs.replace(found, live=True), now_ns)
        self._live[conn, ask.token] = running, asked
        return [AskLive(conn, ask.token, asked.destination, ask.request)]

    def told_live(
        self, conn: int, token: int, response: Value, error: str, now_ns: int, wall_ns: int
    ) -> list[Command]:
        """What the real dependency said (None: `error` says why not); `wall_ns` is its clock."""
        running, asked = self._live.pop((conn, token))
        made = self._conns.get(conn)
        if made is None:
            return []
        if response is None:
            running.faults.append(f"{asked.destination}, asked live: {error}")
            actions = self._responder(made).answer(token, Refuse(error), now_ns)
        else:
            tls = self._mode.live[asked.destination][1]
            filled = fill(running, asked, response, self.names, wall_ns=wall_ns, tls=tls)
            running.filled.append(filled)
            actions = self._responder(made).answer(
                token, Answer(filled.interaction, response), now_ns
            )
        running.last_ns = now_ns
        return self._do(conn, actions, now_ns) + self._progress(now_ns)

    def _serve(self, conn: int, token: int, interaction: Interaction, now_ns: int) -> list[Command]:
        self._waiting.pop((conn, token), None)
        made = self._conns.get(conn)
        if made is None:
            return []
        self._now.answered.add(interaction.id)
        if interaction.outcome is Outcome.BROKEN and interaction.response is None:
            reply = Refuse("background traffic that was not seen while recording")
            return self._do(conn, self._responder(made).answer(token, reply, now_ns), now_ns)
        response = self.names.retell(interaction.response, self._now.told)
        actions = self._responder(made).answer(token, Answer(interaction, response), now_ns)
        out = self._do(conn, actions, now_ns) + self._push(now_ns)
        return out + self._hand_on(interaction, now_ns)

    def _push(self, now_ns: int) -> list[Command]:
        """Say the case's recorded pushes whose turn has come, where somebody listens."""
        running, out = self._now, list[Command]()
        if running.case is None:
            return out
        for push in pushes(running.case):
            due = push.id not in running.pushed and all(a in running.answered for a in push.after)
            if not due:
                continue
            for conn, made in list(self._conns.items()):
                if made.destination != push.destination or made.responder is None:
                    continue
                actions = made.responder.push(self.names.retell(push.response), now_ns)
                if actions is not None:
                    running.pushed.add(push.id)
                    running.answered.add(push.id)
                    out += self._do(conn, actions, now_ns)
                    break
        return out

    def _unknown_destination(self, where: str, now_ns: int) -> None:
        miss = Miss(protocol="", destination=where, label=f"connect to {where}", request=None)
        self._now.misses.append(miss)
        self._now.last_ns = now_ns


def _refusal(miss: Miss) -> str:
    if miss.repeated:
        return f"{miss.label}: recorded, but asked more often than recorded"
    near = f" (nearest: {miss.nearest} {miss.nearest_label})" if miss.nearest else ""
    return f"{miss.label}{near}"
