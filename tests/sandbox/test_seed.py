"""A service whose randomness is what a seed says: the same in two runs, other with another seed."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from reenact.sandbox.files import before, seccomp
from reenact.sandbox.seed.births import Births
from reenact.sandbox.seed.runtimes import seeded
from reenact.sandbox.seed.start import without_getrandom
from reenact.sandbox.seed.stream import drawn
from reenact.sandbox.spec import Watch
from tests.sandbox.conftest import as_someone
from tests.sandbox.running import WAIT_S, output_of, run

AsUser = Callable[[Callable[[], None]], None]
sandboxed = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(
        not seccomp.supported(os.uname().machine), reason="hardware: not on this machine"
    ),
]


def inside(function: Callable[..., None]) -> Callable[..., None]:
    for mark in sandboxed:
        function = mark(function)
    return function


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program} here")


def said(*command: str, seed: int | None, loading: Path | None = None) -> str:
    """What it printed. `loading`: where what its runtime loads may be put."""
    env = {"PATH": os.environ["PATH"] + ":/usr/bin:/bin", "HOME": "/nonexistent"}
    if loading:
        env = seeded(env, seed, loading)
    read, write = os.pipe()
    with run(*command, stdout=write, env=env, seed=seed) as box:
        os.close(write)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        assert box.wait(WAIT_S) == 0, text
    return text


def python(script: str) -> tuple[str, ...]:
    return ("/usr/bin/python3" if os.geteuid() else sys.executable, "-c", textwrap.dedent(script))


def assert_repeatable(*command: str, loading: Path | None = None) -> None:
    """Every word of it: the same with the same seed, none with another or with none."""
    words = said(*command, seed=7, loading=loading).split()
    assert words == said(*command, seed=7, loading=loading).split()
    assert len(set(words)) == len(words), "drawn twice"
    for seed in (8, None):
        other = said(*command, seed=seed, loading=loading).split()
        assert len(other) == len(words) and not set(words) & set(other), seed


# -- in each language ------------------------------------------------------------------------


@inside
def test_python_draws_the_same(as_user: AsUser) -> None:
    script = """
        import os, random, secrets, uuid
        print(os.urandom(16).hex(), random.random(), uuid.uuid4(), hash("x"), secrets.token_hex())
        print(random.SystemRandom().random(), open("/dev/urandom", "rb").read(16).hex())
    """
    as_user(lambda: assert_repeatable(*python(script)))


@inside
def test_the_devices_give_the_same(as_user: AsUser) -> None:
    script = """
        cd /dev
        for path in /dev/urandom /dev/random urandom /dev/../dev/./random; do
          head -c16 $path | od -An -tx8 | tr -d " "
        done
        cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid
        head -c300000 /dev/urandom | sha256sum | cut -c-64
    """
    as_user(lambda: assert_repeatable("sh", "-ec", script) and None)


@inside
@needs("ruby")
def test_ruby_and_its_forked_workers_draw_the_same(folder: Path) -> None:
    script = """
        puts SecureRandom.uuid, rand, Random.bytes(8).unpack1("H*"), "x".hash, Random.new.rand, Random.new(1).rand.class.name + Random.new_seed.to_s
        $stdout.flush
        2.times { fork { puts rand, (1..30).to_a.shuffle.join(","), SecureRandom.hex }; Process.wait }
    """
    assert_repeatable("ruby", "-rsecurerandom", "-e", script, loading=folder)


@inside
@needs("node")
def test_node_draws_the_same(folder: Path) -> None:
    (folder / "draws.mjs").write_text(_DRAWS_NODE)
    assert_repeatable("node", str(folder / "draws.mjs"), loading=folder)


@inside
@needs("node")
def test_node_s_generators_check_their_arguments_as_ever(folder: Path) -> None:
    script = """
        const crypto = require('crypto');
        const bad = [
          () => crypto.randomBytes(-1), () => crypto.randomInt(5, 1), () => crypto.randomInt(2 ** 50),
          () => crypto.randomUUID(1), () => crypto.randomFillSync(1), () => crypto.randomFill(1),
          () => crypto.randomFillSync(Buffer.alloc(4), 5), () => crypto.randomBytes(1, 2),
          () => crypto.getRandomValues(new Float32Array(1)), () => crypto.webcrypto.getRandomValues(1),
        ];
        for (const one of bad) try { one(); console.log('nothing'); } catch (e) { console.log(e.code); }
        const got = new Set(Array.from({ length: 200 }, () => crypto.randomInt(-2, 2)));
        console.log([...got].sort().join());
        console.log(Array.from({ length: 1000 }, Math.random).every((x) => x >= 0 && x < 1));
        console.log(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
        const part = crypto.randomFillSync(Buffer.alloc(12), 2, 8);
        console.log(part.readUInt16BE(0), part.readUInt16BE(10), crypto.randomBytes(100000).length);
    """
    assert said("node", "-e", script, seed=1, loading=folder) == said(
        "node", "-e", script, seed=None
    )


@inside
@needs("javac")
def test_java_draws_the_same(folder: Path) -> None:
    (folder / "Draws.java").write_text(_DRAWS_JAVA)
    subprocess.run(["javac", "Draws.java"], cwd=folder, check=True)
    assert_repeatable("java", "-cp", str(folder), "Draws", loading=folder)


@inside
@needs("php")
def test_php_draws_the_same() -> None:
    assert_repeatable(
        "php",
        "-n",
        "-r",
        'echo bin2hex(random_bytes(8)), " ", mt_rand(), " ", random_int(0, PHP_INT_MAX);',
    )


@inside
@needs("go")
@pytest.mark.parametrize("cgo", ["0", "1"])
def test_go_draws_the_same_with_and_without_a_c_library(folder: Path, cgo: str) -> None:
    _go(folder, cgo)
    assert_repeatable(str(folder / "draws"))


@inside
@needs("gcc")
@pytest.mark.parametrize("linking", ["-static", "-dynamic"])
def test_c_draws_the_same_also_past_the_system_call(folder: Path, linking: str) -> None:
    program = _c(folder, linking)
    assert_repeatable(str(program))
    assert "vdso" not in said(str(program), seed=1)


# -- processes, threads, calls ---------------------------------------------------------------


@inside
def test_every_process_and_every_program_draws_bytes_of_its_own(as_user: AsUser) -> None:
    script = """
        import os, subprocess, sys
        draw = [sys.executable, "-c", "import os; print(os.urandom(8).hex())"]
        for n in range(4):  # all at once, heard in order
            read, write = os.pipe()
            if os.fork() == 0:
                os.write(write, os.urandom(8).hex().encode())
                os.write(write, b" " + subprocess.check_output(draw))
                os._exit(0)
            os.close(write)
            globals()[f"pipe{n}"] = read
        for n in range(4):
            print(open(globals()[f"pipe{n}"]).read())
        print(os.urandom(8).hex(), flush=True)
        os.execv(draw[0], draw)
    """
    as_user(lambda: assert_repeatable(*python(script)))


@inside
def test_threads_of_a_process_share_what_it_draws() -> None:
    script = """
        import os, threading
        out = []
        def draw():
            for _ in range(200):
                out.append(os.urandom(8).hex())
        threads = [threading.Thread(target=draw) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(*sorted(out))
    """
    words = said(*python(script), seed=1).split()
    assert len(set(words)) == 1600
    assert words == said(*python(script), seed=1).split()


@inside
def test_many_processes_at_once_are_all_answered() -> None:
    script = """
        import subprocess, threading
        def start():
            for _ in range(10):
                subprocess.run(["head", "-c100", "/dev/urandom"], check=True, stdout=-3)
        threads = [threading.Thread(target=start) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print("well")
    """
    assert said(*python(script), seed=1) == "well\n"


@inside
def test_signals_do_not_disturb_a_draw() -> None:
    script = """
        import os, signal
        heard = []
        signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        out = [os.urandom(8).hex() for _ in range(3000)]
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(len(heard) > 10, len(set(out)))
    """
    assert said(*python(script), seed=1) == "True 3000\n"


@inside
@needs("gcc")
def test_what_the_kernel_refuses_is_refused_as_ever(folder: Path) -> None:
    source = folder / "refused.c"
    source.write_text(_REFUSED)
    subprocess.run(["gcc", "-o", folder / "refused", source], check=True)
    assert said(str(folder / "refused"), seed=1) == said(str(folder / "refused"), seed=None)


@inside
def test_other_files_are_opened_as_ever_and_the_devices_stay_what_they_are() -> None:
    script = """
        test -c /dev/urandom
        echo x > /dev/urandom
        cat /etc/hostname /nonexistent/random 2>&1 | tail -1
        exec 3< /dev/urandom
        head -c8 <&3 | od -An -tx8
        test "$(ulimit -n 3; sh -c ': < /dev/urandom' 2>&1)"
    """
    assert "nonexistent" in said("bash", "-ec", script, seed=1)


@inside
def test_a_uuid_of_the_kernel_is_of_version_4() -> None:
    for text in said("cat", *(["/proc/sys/kernel/random/uuid"] * 40), seed=1).split():
        assert (uuid.UUID(text).version, uuid.UUID(text).variant) == (4, uuid.RFC_4122)


@inside
def test_addresses_are_the_same(as_user: AsUser) -> None:
    def body() -> None:
        command = python("print(id(object()), id(print), {object() for _ in range(9)})")
        assert said(*command, seed=1) == said(*command, seed=1)
        assert said(*command, seed=None) != said(*command, seed=None)

    as_user(body)


@inside
def test_a_recording_with_a_seed_keeps_files_too(folder: Path) -> None:
    (folder / "old").write_text("before")
    command = python("import os; open('old', 'w').write(os.urandom(8).hex())")
    drawn_twice = []
    for _ in range(2):
        watch = Watch(spool=str(folder), file_bytes=1 << 20, total_bytes=1 << 22)
        with run(*command, cwd=str(folder), watch=watch, seed=1) as box:
            assert box.wait(WAIT_S) == 0
            assert box.changed_files is not None
            told = before.read(socket.recv_fds(box.changed_files, 1 << 18, 1)[0])
        assert told.path == os.fsencode(folder / "old")
        drawn_twice.append((folder / "old").read_text())
    assert drawn_twice[0] == drawn_twice[1] != "before"


@inside
def test_more_open_devices_than_we_may_have_descriptors_are_opened_still() -> None:
    script = """
        import resource
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        opened = [open("/dev/urandom", "rb") for _ in range(300)]
        print(len({one.read(8) for one in opened}))
    """

    def body() -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
        assert said(*python(script), seed=1) == "300\n"

    as_someone(body, uid=None)


@inside
def test_as_a_test_has_it_with_an_overlay_and_a_clock_it_draws_the_same(as_user: AsUser) -> None:
    script = "head -c8 /dev/urandom | od -An -tx8; cat /proc/sys/kernel/random/uuid; date +%Y"
    told = {"overlay": True, "clock": True, "clock_offset_ns": -(10**17), "cwd": "/tmp"}

    def body() -> None:
        one, two, other = (output_of("sh", "-c", script, seed=s, **told) for s in (1, 1, 2))
        assert one == two != other, one

    as_user(body)


@inside
def test_with_a_clock_of_its_own_it_draws_the_same() -> None:
    command = python("import os, time; print(os.urandom(8).hex(), time.gmtime().tm_year)")
    years = []
    for _ in range(2):
        code, text = output_of(*command, seed=3, clock=True, clock_offset_ns=-(10**17))
        assert code == 0
        years.append(text)
    assert years[0] == years[1]
    assert said(*command, seed=3).split()[0] == years[0].split()[0]


# -- the pieces ------------------------------------------------------------------------------


def test_no_two_draws_are_alike() -> None:
    ways = [
        (seed, process, source, number)
        for seed in (1, 11)
        for process in ("1/1", "1.1/1", "1/11")
        for source in ("getrandom", "start")
        for number in (1, 11)
    ]
    assert len({drawn(*way, 16) for way in ways}) == len(ways)
    assert drawn(1, "1/1", "getrandom", 0, 8) == bytes.fromhex("defbc377325b377d")


@pytest.mark.parametrize("machine", sorted(seccomp.MACHINES))
@pytest.mark.parametrize("changes", [False, True])
def test_the_filter_stops_what_draws(machine: str, changes: bool) -> None:
    told = seccomp.MACHINES[machine]
    program = seccomp.program(told, changes=changes, draws=True)
    steps = list(struct.iter_unpack("<HBBI", program))
    stopped = {value for code, _, _, value in steps if code == 0x15}
    assert {told.getrandom, told.numbers["openat"], told.numbers["openat2"]} <= stopped
    assert (told.numbers["unlinkat"] in stopped) is changes


def test_the_vdso_s_own_way_is_taken_out_of_its_names() -> None:
    image = b"\x7fELF..\0__vdso_time\0__vdso_getrandom\0LINUX_2.6\0"
    [(at, data)] = without_getrandom(image)
    changed = image[:at] + data + image[at + len(data) :]
    assert len(changed) == len(image) and b"getrandom" not in changed
    assert b"\0__vdso_time\0" in changed and b"\0LINUX_2.6\0" in changed
    assert without_getrandom(b"\x7fELF..\0__vdso_time\0") == []


def test_a_process_is_named_by_whose_how_manieth_child_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    family = {10: (10, 1), 20: (20, 10), 21: (10, 1), 22: (22, 10), 30: (30, 20), 40: (40, 1)}
    monkeypatch.setattr("reenact.sandbox.seed.births._process_and_parent", family.__getitem__)
    births = Births()
    for thread in family:
        births.seen(thread)
    names = {thread: births.of(thread).name for thread in family}
    assert names == {10: "1/0", 20: "1.1/0", 21: "1/0", 22: "1.2/0", 30: "1.1.1/0", 40: "0.1/0"}
    births.of(20).next("getrandom")
    assert births.began(20).name == "1.1/1"
    assert births.of(20).next("getrandom") == 0


_DRAWS_NODE = """
import crypto, { randomFill, randomInt } from 'crypto';
import { promisify } from 'util';
import { Worker, isMainThread } from 'worker_threads';
const say = console.log;
const web = globalThis.crypto;
say(crypto.randomUUID(), Math.random(), crypto.randomBytes(8).toString('hex'));
if (isMainThread) {
  say(web.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join());
  say(web.getRandomValues(new Uint32Array(2)).join(), randomInt(2 ** 47));
  say(crypto.randomFillSync(new Uint16Array(6)).join());
  const late = [promisify(crypto.randomBytes)(8), promisify(randomFill)(Buffer.alloc(8))];
  for (const one of await Promise.all(late)) say(one.toString('hex'));
  crypto.randomInt(2 ** 47, (error, number) => say(number));
  new Worker(new URL(import.meta.url));
}
"""

_DRAWS_JAVA = """
import java.util.*;
import java.util.concurrent.ThreadLocalRandom;
public class Draws {
  public static void main(String[] args) {
    System.out.println(UUID.randomUUID());
    System.out.println(ThreadLocalRandom.current().nextLong());
    System.out.println(new SplittableRandom().nextLong());
  }
}
"""

_DRAWS_GO = """
package main

import (
	"crypto/rand"
	"fmt"
)

func main() {
	for n := 0; n < 3; n++ {
		b := make([]byte, 8)
		rand.Read(b)
		fmt.Printf("%x\\n", b)
	}
}
"""


def _go(folder: Path, cgo: str) -> None:
    (folder / "draws.go").write_text(_DRAWS_GO)
    env = {**os.environ, "CGO_ENABLED": cgo, "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", "draws", "draws.go"], cwd=folder, env=env, check=True)


_DRAWS_C = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
static int in_vdso(const char *name) {
  const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
  return memmem(base, 8192, name, strlen(name)) != 0;
}
int main(void) {
  unsigned long a, *start = (unsigned long *)getauxval(AT_RANDOM), c;
  getrandom(&a, 8, 0);
  getentropy(&c, 8);
  printf("%016lx %016lx%016lx %s%016lx %016lx\\n", a, start[0], start[1],
         in_vdso("_getrandom") ? "vdso" : "", a ^ c, c);
}
"""


def _c(folder: Path, linking: str) -> Path:
    source = folder / "draws.c"
    source.write_text(_DRAWS_C)
    flags = ["-static"] if linking == "-static" else []
    subprocess.run(["gcc", *flags, "-o", folder / "draws", source], check=True)
    return folder / "draws"


_REFUSED = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
int main(void) {
  char *locked = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), b[300];
  printf("%zd %d\\n", getrandom(b, 8, 0x100), errno);
  errno = 0; printf("%zd %d\\n", getrandom((void *)8, 8, 0), errno);
  errno = 0; printf("%zd %d\\n", getrandom(locked, 8, 0), errno);
  errno = 0; printf("%zd %d\\n", getrandom(b, 0, 0), errno);
  errno = 0; printf("%zd %d\\n", getrandom(b, 300, GRND_NONBLOCK | GRND_RANDOM), errno);
}
"""
