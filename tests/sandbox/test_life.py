"""What a service keeps, and how it ends."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from reenact.base.errors import UserError
from tests.sandbox.running import (
    WAIT_S,
    exists,
    opened,
    output_of,
    pids_with,
    readable,
    run,
    until,
)

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.usefixtures("with_and_without_clock"),
]

AsUser = Callable[[Callable[[], None]], None]


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_the_service_s(as_user: AsUser, code: int) -> None:
    def body() -> None:
        assert output_of("sh", "-c", f"exit {code}")[0] == code

    as_user(body)


def test_death_by_signal_is_told_as_a_shell_tells_it(as_user: AsUser) -> None:
    def body() -> None:
        assert output_of("sh", "-c", "kill -SEGV $$")[0] == 128 + signal.SIGSEGV

    as_user(body)


def test_a_command_that_does_not_exist_is_the_user_s_mistake(as_user: AsUser) -> None:
    def body() -> None:
        with pytest.raises(UserError, match=r"gunicron: No such file or directory"):
            run("gunicron")
        with pytest.raises(UserError, match=r"/etc/passwd: Permission denied"):
            run("/etc/passwd")
        with pytest.raises(UserError, match=r"/nowhere: No such file"):
            run("true", cwd="/nowhere")

    as_user(body)


def test_user_folder_environment_and_arguments_are_kept(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        command = ["sh", "-c", 'id -u; id -g; pwd; env; echo "$1"', "sh", "a b\n'\u00e9"]
        env = {"PATH": "/usr/bin:/bin", "ODD": "x=y\n\udcff"}
        here = os.path.realpath(folder)
        bare = subprocess.run(command, cwd=here, env=env, stdout=subprocess.PIPE, check=True)
        read, write = os.pipe()
        with run(*command, cwd=here, env=env, stdout=write):
            os.close(write)
            with os.fdopen(read, "rb") as pipe:
                assert pipe.read() == bare.stdout

    as_user(body)


def test_root_may_become_another_user_inside() -> None:
    if os.geteuid() != 0:
        return  # nothing to become: only root runs without a user namespace
    code, said = output_of(
        "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "id", "-u"
    )
    assert (code, said) == (0, "65534\n")


def test_root_without_capabilities_gets_a_user_namespace() -> None:
    """As in a container: number 0, but nothing that root may do."""
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
from reenact.sandbox.process import may_make_namespaces
from tests.sandbox.running import output_of
assert not may_make_namespaces()
print(output_of("id", "-u"))
"""
    if os.geteuid() == 0:
        drop = ["setpriv", "--bounding-set=-sys_admin,-net_admin", sys.executable, "-c", script]
        done = subprocess.run(drop, capture_output=True, text=True)
        assert done.stdout == "(0, '0\\n')\n", done.stderr


def test_stdin_reaches_it_and_signals_and_descriptors_are_as_a_shell_leaves_them() -> None:
    read, write = os.pipe()
    os.write(write, b"hello\n")
    os.close(write)
    code = textwrap.dedent("""
        import os, signal, sys
        assert sys.stdin.read() == "hello\\n"
        lines = dict(l.split(":") for l in open("/proc/self/status") if l.startswith("Sig"))
        ignored = int(lines["SigIgn"], 16) & ~(1 << (signal.SIGPIPE - 1)) & ~(1 << (signal.SIGXFSZ - 1))
        assert (ignored, int(lines["SigBlk"], 16)) == (0, 0), lines
        assert sorted(os.listdir("/proc/self/fd")) == ["0", "1", "2", "3"]  # 3: this listing
    """)
    with run("python3", "-c", code, stdin=read) as box:
        os.close(read)
        assert box.wait(WAIT_S) == 0


def test_sigpipe_kills_it_as_outside() -> None:
    assert output_of("sh", "-c", "kill -PIPE $$")[0] == 128 + signal.SIGPIPE


def test_it_sees_its_own_processes_only(as_user: AsUser) -> None:
    def body() -> None:
        code, said = output_of("sh", "-c", "ls /proc | grep -c '^[0-9]'")
        assert code == 0
        assert int(said) <= 5  # init, sh, ls, grep

    as_user(body)


def test_a_signal_is_passed_on(as_user: AsUser) -> None:
    script = "trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done"

    def body() -> None:
        read, write = os.pipe()
        with run("sh", "-c", script, stdout=write) as box:
            os.close(write)
            assert readable(read)
            box.signal(signal.SIGTERM)
            assert box.wait(WAIT_S) == 9
            assert readable(box.pidfd)
        os.close(read)

    as_user(body)


def test_ctrl_c_at_the_terminal_reaches_it() -> None:
    """The recorder and its service are one job of the user's shell: both get the signal."""
    script = textwrap.dedent(f"""
        import signal, sys
        sys.path[:0] = {sys.path!r}
        from tests.sandbox.running import run, WAIT_S
        signal.signal(signal.SIGINT, lambda *_: print("recorder told", flush=True))
        service = "import time\\ntry: print('up', flush=True); time.sleep({WAIT_S})\\nexcept KeyboardInterrupt: raise SystemExit(33)"
        with run("python3", "-c", service) as box:
            print("code", box.wait({WAIT_S}), flush=True)
    """)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", script])
    said = b""
    while b"code" not in said.rpartition(b"\n")[0]:
        said += os.read(terminal, 1000)
        if said.endswith(b"up\r\n"):
            os.write(terminal, b"\x03")
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"recorder told" in said
    assert b"code 33" in said


def test_without_a_terminal_a_kill_of_its_own_group_does_not_reach_us() -> None:
    code, _ = output_of("sh", "-c", "trap '' TERM; kill -TERM 0; exit 4", own_group=True)
    assert code == 4


def test_orphans_are_reaped() -> None:
    script = "for n in 1 2 3 4 5; do (true &) ; done; sleep 0.2; ps ax | grep -c '[d]efunct'; true"
    assert output_of("sh", "-c", script)[1].splitlines()[0] == "0"


def test_children_end_with_the_main_process(as_user: AsUser) -> None:
    def body() -> None:
        assert output_of("sh", "-c", "sleep 7411.1 & exit 3")[0] == 3
        assert not pids_with("7411.1")

    as_user(body)


DAEMON = """
import os, socket, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
server = socket.create_server(("127.0.0.1", 8000))
server.accept()
"""


def test_a_service_that_turns_into_a_daemon_goes_on_until_the_daemon_ends(as_user: AsUser) -> None:
    def body() -> None:
        with run("python3", "-c", DAEMON) as box:
            assert opened(box).port == 8000
            assert box.returncode is None
            conn = box.dial_inside(2)
            conn.settimeout(WAIT_S)
            conn.connect(("127.0.0.1", 8000))
            assert box.wait(WAIT_S) == 0

    as_user(body)


def test_a_script_that_leaves_a_server_behind_goes_on_until_that_ends() -> None:
    server = (
        "import socket, time; time.sleep(1); socket.create_server(('127.0.0.1', 8000)).accept()"
    )
    with run("sh", "-c", f'python3 -c "{server}" & exit 0') as box:
        assert opened(box).port == 8000
        conn = box.dial_inside(2)
        conn.settimeout(WAIT_S)
        conn.connect(("127.0.0.1", 8000))
        assert box.wait(WAIT_S) == 0


def test_a_script_that_leaves_no_server_behind_has_ended() -> None:
    with run("sh", "-c", "sleep 7418.5 & exit 0") as box:
        assert box.wait(WAIT_S) == 0
        assert not pids_with("7418.5")


def test_daemonised_grandchildren_end_with_the_sandbox(as_user: AsUser) -> None:
    def body() -> None:
        box = run("python3", "-c", DAEMON, "mark-7412")
        opened(box)
        assert pids_with("mark-7412")
        box.close()
        assert not pids_with("mark-7412")
        box.close()  # may be repeated

    as_user(body)


def test_a_daemon_is_told_to_end_when_its_main_process_is_no_more() -> None:
    with run("python3", "-c", DAEMON) as box:
        opened(box)
        box.signal(signal.SIGTERM)
        assert box.wait(WAIT_S) == 0


def test_what_a_service_leaves_behind_when_told_to_end_is_no_daemon() -> None:
    script = "setsid sleep 7417.5 & trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done"
    read, write = os.pipe()
    with run("sh", "-c", script, stdout=write) as box:
        os.close(write)
        assert readable(read)
        box.signal(signal.SIGTERM)
        assert box.wait(WAIT_S) == 0
        assert not pids_with("7417.5")
    os.close(read)


RECORDER = """
import os, sys
sys.path[:0] = {path!r}
sys.executable = {python!r}
from tests.sandbox.running import run
box = run("sh", "-c", "setsid sleep 7413.5 & sleep 7413.5", overlay=True)
print(box.pid, flush=True)
os.read(0, 1)
"""


def test_kill_9_of_the_recorder_leaves_nothing(as_user: AsUser) -> None:
    def body() -> None:
        mounts = Path("/proc/self/mountinfo").read_text()
        script = RECORDER.format(path=sys.path, python=sys.executable)
        recorder = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert recorder.stdout
        launcher = int(recorder.stdout.readline())
        until(lambda: len(pids_with("7413.5")) >= 2)
        recorder.kill()
        recorder.communicate()
        until(lambda: not exists(launcher) and not pids_with("7413.5"))
        assert Path("/proc/self/mountinfo").read_text() == mounts

    as_user(body)


def test_kill_9_of_the_launcher_leaves_nothing() -> None:
    with run("sleep", "7414.5") as box:
        os.kill(box.pid, signal.SIGKILL)
        box.wait(WAIT_S)
        until(lambda: not pids_with("7414.5"))


def test_closing_does_not_wait_for_a_process_that_the_recorder_forked() -> None:
    box = run("sleep", "5")
    told, tell = os.pipe()
    child = os.fork()  # as a process pool does: it has a copy of every descriptor
    if child == 0:
        os.close(tell)
        os.read(told, 1)
        os._exit(0)
    os.close(told)
    box.close()
    assert box.returncode == 128 + signal.SIGKILL  # it was not waited for
    os.close(tell)
    os.waitpid(child, 0)


def test_a_sandbox_is_up_in_milliseconds_and_many_run_side_by_side() -> None:
    boxes = [run("sleep", "100") for _ in range(10)]
    for box in boxes:
        assert box.returncode is None
        box.close()


def test_nothing_is_left_open_after_closing() -> None:
    run("true").close()
    before = set(os.listdir("/proc/self/fd"))
    with run("sleep", "100", overlay=True) as box:
        box.dial_inside(2).close()
    assert set(os.listdir("/proc/self/fd")) == before
