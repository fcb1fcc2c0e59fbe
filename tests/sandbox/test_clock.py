"""A service that lives at another time than the machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time  # noqa: TID251  what the service says is held against it
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from reenact.sandbox.clock import vdso
from reenact.sandbox.process import Sandbox
from tests.sandbox.running import WAIT_S, output_of, run

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(not vdso.supported(os.uname().machine), reason="no clock on this machine"),
]

AsUser = Callable[[Callable[[], None]], None]

SECOND = 10**9
YEAR = 365 * 86400
YEAR_AGO = -YEAR * SECOND
NEAR_S = 20.0
"""How far a service's clock may be from what we expect: it is read a little later."""


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program} here")


def near(moment_s: float, offset_ns: int = YEAR_AGO) -> bool:
    return abs(moment_s - (time.time() + offset_ns / SECOND)) < NEAR_S


def said(*command: str, offset_ns: int = YEAR_AGO) -> list[str]:
    """The words of a program that lives at another time."""
    code, text = output_of(*command, clock=True, clock_offset_ns=offset_ns)
    assert code == 0, text
    return text.split()


def python(script: str) -> tuple[str, ...]:
    return ("/usr/bin/python3" if os.geteuid() else sys.executable, "-c", textwrap.dedent(script))


@contextmanager
def telling(
    *command: str, offset_ns: int = YEAR_AGO, stdin: int | None = None
) -> Iterator[tuple[Sandbox, IO[str]]]:
    """A running program and what it says."""
    read, write = os.pipe()
    clock = {"clock": True, "clock_offset_ns": offset_ns}
    with run(*command, **clock, stdin=stdin, stdout=write, stderr=write) as box:
        os.close(write)
        with os.fdopen(read) as pipe:
            yield box, pipe


# -- in each language ------------------------------------------------------------------------


@pytest.mark.parametrize("offset_ns", [YEAR_AGO, -1, 0, 1, 999_999_999, 36 * 3600 * SECOND])
def test_date_shows_the_moved_time(as_user: AsUser, offset_ns: int) -> None:
    def body() -> None:
        assert near(float(said("date", "+%s.%N", offset_ns=offset_ns)[0]), offset_ns)

    as_user(body)


def test_all_of_python_s_clocks_agree_and_elapsed_time_is_true(as_user: AsUser) -> None:
    def body() -> None:
        script = """
        import datetime, time
        print(time.time(), time.time_ns() / 1e9, time.clock_gettime(time.CLOCK_TAI),
              datetime.datetime.now().timestamp(), time.clock_gettime(5))
        print(time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME))
        """
        *wall, monotonic, boot = (float(word) for word in said(*python(script)))
        tai_s = time.clock_gettime(time.CLOCK_TAI) - time.time()
        wall[2] -= tai_s
        assert all(near(moment) for moment in wall)
        assert abs(monotonic - time.monotonic()) < NEAR_S
        assert abs(boot - time.clock_gettime(time.CLOCK_BOOTTIME)) < NEAR_S

    as_user(body)


def test_python_sleeps_and_waits_as_long_as_it_means_to() -> None:
    script = """
    import queue, threading, time
    def took(wait):
        begin = time.monotonic()
        wait()
        print(time.monotonic() - begin)
    took(lambda: time.sleep(0.2))
    condition = threading.Condition()
    with condition:
        took(lambda: condition.wait(0.2))
    took(lambda: threading.Lock().acquire(timeout=0.2) or threading.Event().wait(0.2))
    try:
        took(lambda: queue.Queue().get(timeout=0.2))
    except queue.Empty:
        print(0.2)
    """
    lasted = [float(word) for word in said(*python(script))]
    assert lasted[2:] and all(0.19 < one < 2 for one in lasted if one > 0.01), lasted


@needs("node")
def test_node_s_date_is_moved_and_its_timers_are_true() -> None:
    script = """
    const begin = process.hrtime.bigint()
    setTimeout(() => console.log(Date.now() / 1e3, new Date().getTime() / 1e3,
      Number(process.hrtime.bigint() - begin) / 1e9), 200)
    """
    now, date, lasted = (float(word) for word in said("node", "-e", script))
    assert near(now) and near(date)
    assert 0.19 < lasted < 5


@needs("javac")
def test_java_s_time_is_moved_and_no_wait_spins(folder: Path) -> None:
    source = """
    import java.util.concurrent.locks.*;
    public class Clock {
      interface Wait { void run() throws Exception; }
      static void took(Wait wait) throws Exception {
        long begin = System.nanoTime(); wait.run();
        System.out.println((System.nanoTime() - begin) / 1e9);
      }
      public static void main(String[] args) throws Exception {
        System.out.println(System.currentTimeMillis() / 1e3);
        System.out.println(java.time.Instant.now().toEpochMilli() / 1e3);
        took(() -> Thread.sleep(200));
        took(() -> LockSupport.parkNanos(200_000_000L));
        took(() -> LockSupport.parkUntil(System.currentTimeMillis() + 200));
        took(() -> { synchronized (args) { args.wait(200); } });
        Lock lock = new ReentrantLock(); lock.lock();
        took(() -> lock.newCondition().awaitUntil(
            new java.util.Date(System.currentTimeMillis() + 200)));
      }
    }
    """
    (folder / "Clock.java").write_text(source)
    subprocess.run(["javac", "Clock.java"], cwd=folder, check=True)
    millis, instant, *lasted = (float(word) for word in said("java", "-cp", str(folder), "Clock"))
    assert near(millis) and near(instant)
    assert len(lasted) == 5 and all(0.19 < one < 5 for one in lasted), lasted


@needs("prometheus-redis-exporter")
def test_go_s_time_is_moved() -> None:
    listen = ["--web.listen-address=127.0.0.1:0", "--log-format=json"]
    with telling("prometheus-redis-exporter", *listen) as (_, pipe):
        line = next(line for line in pipe if '"time":' in line)
    year = time.gmtime(time.time() - YEAR).tm_year
    assert f'"time":"{year}-' in line


@needs("gcc")
@pytest.mark.parametrize("linking", ["-static", "-dynamic"])
@pytest.mark.parametrize("offset_ns", [YEAR_AGO, -YEAR_AGO])
def test_a_wait_until_a_moment_of_wall_time_lasts_as_meant(
    folder: Path, offset_ns: int, linking: str
) -> None:
    _build(folder / "waits", linking)
    *lasted, wall, day, seconds = (
        float(word) for word in said(str(folder / "waits"), "0.2", offset_ns=offset_ns)
    )
    assert len(lasted) == 5 and all(0.19 < one < 2 for one in lasted), lasted
    assert all(near(moment, offset_ns) for moment in (wall, day, seconds))


@needs("gcc")
def test_a_wait_that_signals_interrupt_ends_when_it_should(folder: Path) -> None:
    _build(folder / "waits")
    with telling(str(folder / "waits"), "0.4", "tell") as (box, pipe):
        assert pipe.readline() == "waits\n"
        for _ in range(20):
            box.signal(signal.SIGSTOP)
            box.signal(signal.SIGCONT)
            box.signal(signal.SIGUSR1)  # handled
            box.signal(signal.SIGWINCH)  # ignored
        lasted = [float(line) for line in pipe if line[0].isdigit() and " " not in line]
    assert len(lasted) == 5 and all(0.39 < one < 4 for one in lasted), lasted


@needs("gcc")
def test_who_waits_until_a_moment_is_woken_when_the_clock_is_moved_there(folder: Path) -> None:
    _build(folder / "waits")
    begin = time.monotonic()
    offset_ns = YEAR_AGO
    with telling(str(folder / "waits"), "1000", "tell") as (box, pipe):
        for _ in range(3):  # a condition, a semaphore, clock_nanosleep
            offset_ns += 1001 * SECOND
            assert pipe.readline() == "waits\n"
            box.set_clock_offset(offset_ns)
            assert float(pipe.readline()) < WAIT_S
    assert time.monotonic() - begin < WAIT_S


# -- all that it starts, and a clock that moves ----------------------------------------------


def test_workers_and_what_they_start_later_live_at_the_same_time(as_user: AsUser) -> None:
    def body() -> None:
        script = """
        import multiprocessing, subprocess, threading, time
        def work(_):
            return time.time()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(*pool.map(work, range(4)))
        print(subprocess.check_output(["date", "+%s"], text=True))
        out = []
        again = lambda: out.append(subprocess.check_output(["sh", "-c", "date +%s"], text=True))
        thread = threading.Thread(target=again)
        thread.start()
        thread.join()
        print(*out)
        """
        moments = [float(word) for word in said(*python(script))]
        assert len(moments) == 6 and all(near(moment) for moment in moments)

    as_user(body)


def test_the_clock_moves_while_they_run(as_user: AsUser) -> None:
    def body() -> None:
        script = """
        import multiprocessing, subprocess, sys, time
        asked, ask = multiprocessing.Pipe()
        def work():
            while True:
                asked.recv()
                asked.send(time.time())
        multiprocessing.get_context("fork").Process(target=work, daemon=True).start()
        for line in sys.stdin:
            ask.send(0)
            started = subprocess.check_output(["date", "+%s.%N"], text=True)
            print(time.time(), ask.recv(), started, end="", flush=True)
        """
        heard, tell = os.pipe()
        with telling(*python(script), stdin=heard) as (box, pipe):
            os.close(heard)
            for days in (0, 1, 30, 400):
                offset_ns = YEAR_AGO + days * 86400 * SECOND
                box.set_clock_offset(offset_ns)
                os.write(tell, b"\n")
                line = pipe.readline()
                assert all(near(float(word), offset_ns) for word in line.split()), line
            os.close(tell)
            assert box.wait(WAIT_S) == 0

    as_user(body)


def test_the_clock_is_not_moved_back() -> None:
    with (
        run("sleep", "100", clock=True, clock_offset_ns=5) as box,
        pytest.raises(ValueError, match="moved back"),
    ):
        box.set_clock_offset(4)


def test_an_offset_of_centuries_is_refused() -> None:
    with pytest.raises(ValueError, match="270 years"):
        run("true", clock=True, clock_offset_ns=300 * YEAR * SECOND)


def test_a_sandbox_without_a_clock_takes_an_offset_and_does_nothing() -> None:
    with run("sleep", "100") as box:
        assert not box.clock
        box.set_clock_offset(YEAR)


def test_a_sandbox_with_a_clock_has_nothing_to_remark() -> None:
    with run("sleep", "100", clock=True) as box:
        assert box.clock
        assert not [note for note in box.notes if "clock" in note]


# -- life under a tracer ---------------------------------------------------------------------


def test_job_control_works_as_without_a_tracer() -> None:
    script = """
        set -m
        sleep 100 & child=$!
        kill -STOP $child
        until [ "$(jobs -s)" ] || ((SECONDS > 20)); do :; done
        jobs
        kill -CONT $child
        until [ "$(jobs -r)" ] || ((SECONDS > 20)); do :; done
        jobs
        { kill -9 $child; wait $child; } 2>/dev/null  # which of them tells of its end is chance
        echo $?
    """
    code, text = output_of("bash", "-c", script, clock=True)
    assert (code, text) == output_of("bash", "-c", script)
    assert text.endswith("\n137\n")
    assert "Stopped" in text and "Running" in text


def test_a_parent_sees_its_child_stop_and_go_on() -> None:
    script = """
    import os, signal
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os.read(told, 1)  # a child that has ended is no longer seen to have gone on
        os._exit(3)
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, os.WCONTINUED)
    assert os.WIFCONTINUED(status)
    os.write(tell, b"!")
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert said(*python(script)) == ["3"]


def test_many_children_and_threads_at_once_all_end_well() -> None:
    script = """
    import subprocess, threading
    def start():
        for number in range(20):
            assert subprocess.call(["sh", "-c", f"exit {number}"]) == number
    threads = [threading.Thread(target=start) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print("well")
    """
    assert said(*python(script)) == ["well"]


# -- helpers ---------------------------------------------------------------------------------

_WAITS = """
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
static double len;
static double now(int clock) {
  struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec / 1e9;
}
static struct timespec then(void) {
  struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
  long n = t.tv_nsec + (long)(len * 1e9);
  t.tv_sec += n / 1000000000; t.tv_nsec = n % 1000000000; return t;
}
static void nothing(int signal) {}
#define TOOK(wait) { double begin = now(1); struct timespec t = then(); \\
  if (argc > 2) puts("waits"); \\
  wait; printf("%f\\n", now(1) - begin); }
int main(int argc, char **argv) {
  len = atof(argv[1]);
  setvbuf(stdout, 0, _IONBF, 0);
  signal(SIGUSR1, nothing);
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, pi;
  pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
  sem_t sem; sem_init(&sem, 0, 0);
  pthread_mutex_lock(&lock);
  TOOK(while (pthread_cond_timedwait(&cond, &lock, &t) == 0));
  TOOK(while (sem_timedwait(&sem, &t) && errno == EINTR));
  TOOK(while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, 0) == EINTR));
  int fd = timerfd_create(CLOCK_REALTIME, 0); long count;
  TOOK(struct itimerspec i = {{0}}; i.it_value = t;
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &i, 0);
    while (read(fd, &count, 8) < 0));
  fd = timerfd_create(CLOCK_MONOTONIC, 0);
  TOOK(struct itimerspec i = {{0}}; clock_gettime(CLOCK_MONOTONIC, &t);
    i.it_value = t; i.it_value.tv_sec += len >= 1; i.it_value.tv_nsec += (len < 1) * len * 1e9;
    if (i.it_value.tv_nsec >= 1000000000) { i.it_value.tv_sec++; i.it_value.tv_nsec -= 1000000000; }
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &i, 0);
    while (read(fd, &count, 8) < 0));
  struct timeval day; gettimeofday(&day, 0);
  printf("%f %ld.%06ld %ld\\n", now(0), (long)day.tv_sec, (long)day.tv_usec, (long)time(0));
}
"""


def _build(program: Path, linking: str = "-dynamic") -> None:
    flags = ["-static"] if linking == "-static" else []
    source = program.with_suffix(".c")
    source.write_text(_WAITS)
    subprocess.run(["gcc", "-pthread", *flags, "-o", program, source], check=True)
