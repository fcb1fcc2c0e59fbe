"""Where nothing may be traced, libfaketime gives the service its clock, and that is said."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
import time  # noqa: TID251  what the service says is held against it
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from reenact.base.errors import MachineError
from reenact.replay.core.clock import CaseClock
from reenact.replay.sealed import ServiceClock, _started
from reenact.sandbox import doctor, faketime
from reenact.sandbox.spec import SandboxSpec
from tests.sandbox.running import BOTH, WAIT_S, run

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(faketime.library() is None, reason="libfaketime is not installed"),
]

Denied = Callable[[Callable[[], None]], None]

SECOND = 10**9
YEAR = 365 * 86400
NEAR_S = 20.0


@contextlib.contextmanager
def living(
    folder: Path, years: int, *command: str, stdin: int | None = None
) -> Iterator[tuple[ServiceClock, IO[str]]]:
    """A program that began `years` from now, and what it says."""
    read, write = os.pipe()
    spec = SandboxSpec(
        command=command,
        cwd="/",
        env={"PATH": os.environ["PATH"] + ":/usr/bin:/bin", "HOME": "/nonexistent"},
        addresses=BOTH,
        stdin=stdin,
        stdout=write,
        stderr=write,
    )
    start_ns = time.time_ns() + years * YEAR * SECOND
    with contextlib.ExitStack() as stack:
        box, clock = _started(spec, CaseClock(start_ns=start_ns), folder, stack)
        os.close(write)
        with os.fdopen(read) as pipe:
            yield clock, pipe
            assert box.wait(WAIT_S) == 0, pipe.read()


def python(script: str) -> tuple[str, ...]:
    return ("/usr/bin/python3" if os.geteuid() else sys.executable, "-c", textwrap.dedent(script))


def near(moment_s: float, years: float) -> bool:
    return abs(moment_s - (time.time() + years * YEAR)) < NEAR_S


@pytest.mark.parametrize("years", [-1, 1])
def test_python_lives_at_the_recording_s_time_and_sleeps_as_long_as_it_means_to(
    without_ptrace: Denied, folder: Path, years: int
) -> None:
    script = """
        import asyncio, datetime, queue, subprocess, threading, time
        print(time.time(), datetime.datetime.now().timestamp())
        print(subprocess.check_output(["date", "+%s"], text=True), flush=True)
        def took(wait):
            begin = time.monotonic()
            wait()
            print(time.monotonic() - begin)
        took(lambda: time.sleep(0.2))
        condition = threading.Condition()
        with condition:
            took(lambda: condition.wait(0.2))
        took(lambda: threading.Event().wait(0.2))
        took(lambda: asyncio.run(asyncio.sleep(0.2)))
    """

    def body() -> None:
        with living(folder, years, *python(script)) as (clock, pipe):
            said = [float(word) for word in pipe.read().split()]
        assert "ptrace" in clock.problem and "libfaketime stands in" in clock.problem
        assert len(said) == 7 and all(near(moment, years) for moment in said[:3]), said
        assert all(0.19 < lasted < 2 for lasted in said[3:]), said

    without_ptrace(body)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")
@pytest.mark.parametrize("years", [-1, 1])
def test_a_c_program_does(without_ptrace: Denied, folder: Path, years: int) -> None:
    (folder / "tells.c").write_text(_TELLS)
    subprocess.run(["gcc", "-pthread", "-o", folder / "tells", folder / "tells.c"], check=True)

    def body() -> None:
        with living(folder, years, str(folder / "tells")) as (_, pipe):
            said = [float(word) for word in pipe.read().split()]
        assert len(said) == 8 and all(near(moment, years) for moment in said[:3]), said
        assert all(0.19 < lasted < 2 for lasted in said[3:]), said

    without_ptrace(body)


@pytest.mark.skipif(shutil.which("javac") is None, reason="no javac here")
def test_java_s_waits_last_as_meant(without_ptrace: Denied, folder: Path) -> None:
    (folder / "Tells.java").write_text(_TELLS_JAVA)
    subprocess.run(["javac", "Tells.java"], cwd=folder, check=True)

    def body() -> None:
        with living(folder, -1, "java", "-cp", str(folder), "Tells") as (_, pipe):
            now, *lasted = (float(word) for word in pipe.read().split())
        assert near(now, -1)
        assert len(lasted) == 4 and all(0.19 < one < 5 for one in lasted), lasted

    without_ptrace(body)


def test_the_clock_moves_while_it_runs(without_ptrace: Denied, folder: Path) -> None:
    script = """
        import sys, time
        for line in sys.stdin:
            print(time.time(), time.monotonic(), flush=True)
    """

    def body() -> None:
        heard, tell = os.pipe()
        with living(folder, -3, *python(script), stdin=heard) as (clock, pipe):
            os.close(heard)
            for years in (-3, -2, 0):
                os.write(tell, b"\n")
                wall, monotonic = (float(word) for word in pipe.readline().split())
                assert near(wall, years) and abs(monotonic - time.monotonic()) < NEAR_S
                clock.move((1 if years == -3 else 2) * YEAR * SECOND)
            os.close(tell)

    without_ptrace(body)


def test_without_the_library_it_has_the_machine_s_clock_and_says_so(
    without_ptrace: Denied, folder: Path
) -> None:
    def body() -> None:
        faketime._PLACES = ()
        with living(folder, -1, "date", "+%s") as (clock, pipe):
            assert near(float(pipe.read()), 0)
        assert "the machine's clock" in clock.problem and "libfaketime" not in clock.problem
        [check] = [check for check in doctor.diagnose() if check.name == "clock"]
        assert "apt install faketime" in check.remedy

    without_ptrace(body)


def test_a_seed_is_refused_with_the_remedy(without_ptrace: Denied) -> None:
    def body() -> None:
        with pytest.raises(MachineError, match=r"cannot be made repeatable here: ptrace.*doctor"):
            run("true", seed=1)
        found = {check.name: check for check in doctor.diagnose()}
        assert not found["seed"].ok and "ptrace" in found["seed"].remedy
        assert "libfaketime stands in" in found["clock"].detail
        assert doctor.supported() is None

    without_ptrace(body)


def test_what_is_no_such_library_stays_as_it_is() -> None:
    assert faketime.without(b"#!/bin/sh", b"f") == b"#!/bin/sh"
    image = Path(faketime.library() or "").read_bytes()
    changed = faketime.without(image, b"clock_nanosleep")
    assert len(changed) == len(image) and changed != image
    assert faketime.without(changed, b"clock_nanosleep") == changed


_TELLS = """
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static double now(int clock) {
  struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec / 1e9;
}
static struct timespec then(int clock) {
  struct timespec t; clock_gettime(clock, &t);
  t.tv_nsec += 200000000;
  if (t.tv_nsec >= 1000000000) { t.tv_sec++; t.tv_nsec -= 1000000000; }
  return t;
}
#define TOOK(clock, wait) { double begin = now(1); struct timespec t = then(clock); \\
  wait; printf("%f\\n", now(1) - begin); }
int main(void) {
  struct timeval day; gettimeofday(&day, 0);
  printf("%f %ld %ld\\n", now(0), (long)day.tv_sec, (long)time(0));
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  sem_t sem; sem_init(&sem, 0, 0);
  for (int clock = 0; clock < 2; clock++) {
    pthread_condattr_t how; pthread_condattr_init(&how); pthread_condattr_setclock(&how, clock);
    pthread_cond_t cond; pthread_cond_init(&cond, &how);
    TOOK(clock, pthread_cond_timedwait(&cond, &lock, &t));
  }
  TOOK(0, sem_timedwait(&sem, &t));
  TOOK(1, clock_nanosleep(1, TIMER_ABSTIME, &t, 0));
  TOOK(1, usleep(200000));
}
"""

_TELLS_JAVA = """
import java.util.concurrent.locks.*;
public class Tells {
  interface Wait { void run() throws Exception; }
  static void took(Wait wait) throws Exception {
    long begin = System.nanoTime(); wait.run();
    System.out.println((System.nanoTime() - begin) / 1e9);
  }
  public static void main(String[] args) throws Exception {
    System.out.println(System.currentTimeMillis() / 1e3);
    took(() -> Thread.sleep(200));
    took(() -> LockSupport.parkNanos(200_000_000L));
    took(() -> LockSupport.parkUntil(System.currentTimeMillis() + 200));
    took(() -> { synchronized (args) { args.wait(200); } });
  }
}
"""
