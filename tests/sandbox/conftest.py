"""Every test of a running sandbox is done twice when the tests run as root: as root (no user
namespace) and as an unprivileged user (with one)."""

from __future__ import annotations

import ctypes
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reenact.sandbox import doctor
from tests.sandbox import running
from tests.sandbox.without_ptrace import deny_ptrace

SOMEONE = 12321
_USERS = ["root", "someone"] if os.geteuid() == 0 else ["self"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = None
    for item in items:
        if item.get_closest_marker("sandbox") is None:
            continue
        reason = doctor.supported() if reason is None else reason
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(params=_USERS)
def as_user(request: pytest.FixtureRequest) -> Callable[[Callable[[], None]], None]:
    """Runs a test body as the user: `as_user(body)`."""
    return as_someone if request.param == "someone" else _directly


@pytest.fixture(params=_USERS)
def without_ptrace(request: pytest.FixtureRequest) -> Callable[[Callable[[], None]], None]:
    """Runs a test body as the user, where ptrace is denied: `without_ptrace(body)`."""
    uid = SOMEONE if request.param == "someone" else None

    def run(body: Callable[[], None]) -> None:
        def denied() -> None:
            deny_ptrace()
            body()

        as_someone(denied, uid)

    return run


@pytest.fixture(params=["the_machine_s_clock", "a_clock_of_its_own"])
def with_and_without_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is done twice: what is traced for its clock must live and end as before."""
    monkeypatch.setattr(running, "CLOCK", request.param == "a_clock_of_its_own")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the unprivileged user may reach and write."""
    with tempfile.TemporaryDirectory(prefix="sandbox-test-", dir="/tmp") as name:
        os.chmod(name, 0o777)
        yield Path(name)


def _directly(body: Callable[[], None]) -> None:
    body()


def as_someone(body: Callable[[], None], uid: int | None = SOMEONE) -> None:
    """In a child; `uid` None: as who we are."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        _be_someone(body, tell, uid)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        problem = pipe.read()
    os.waitpid(child, 0)
    if problem:
        pytest.fail(pickle.loads(problem), pytrace=False)


def _be_someone(body: Callable[[], None], tell: int, uid: int | None) -> None:
    try:
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: as after an exec
        sys.executable = _reachable_python()
        body()
    except BaseException:  # noqa: BLE001  a failed assertion above all
        os.write(tell, pickle.dumps(traceback.format_exc()[-60000:]))
    os._exit(0)


def _reachable_python() -> str:
    """This interpreter, or the system's when ours lies in root's home."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([candidate, "-I", "-S", "-c", ""], check=True)
        except OSError:
            continue
        return candidate
    raise AssertionError("no interpreter that an unprivileged user can run")
