"""What this machine supports, tried rather than guessed; for what it doesn't, why and the remedy."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from reenact.sandbox import faketime
from reenact.sandbox.check import EXPLICIT, Check
from reenact.sandbox.clock import ptrace, vdso
from reenact.sandbox.files import notify, seccomp
from reenact.sandbox.inside import kernel, mounts, netlink, network
from reenact.sandbox.process import may_make_namespaces
from reenact.sandbox.seed import seeded


def supported() -> str | None:
    """None when a sandbox can be had here, else the reason and the remedy in one line."""
    for check in diagnose():
        if check.required and not check.ok:
            return f"{check.name}: {check.detail}; {check.remedy}"
    return None


def diagnose() -> list[Check]:
    """Every check, in the order in which a sandbox needs them. On Linux; see `need.diagnose`."""
    out = [_namespaces()]
    if out[0].ok:
        out += [
            _network(),
            _files(),
            _changed_files(),
            _processes(),
            _clock(),
            _seed(),
            _low_ports(),
        ]
    return [*out, _ipv6(), _uvloop()]


# -- the checks ------------------------------------------------------------------------------


def _namespaces() -> Check:
    def body() -> None:
        mounts.isolate()  # AppArmor allows the namespace and then denies what it is for
        netlink.send([netlink.link_up()])

    name = "namespaces"
    problem = _tried(body)
    if not problem:
        how = (
            "as root, no user namespace needed" if may_make_namespaces() else "in a user namespace"
        )
        return Check(name, True, how)
    reason, remedy = why_no_namespaces(problem, kernel_settings(), in_container=in_container())
    return Check(name, False, reason, f"{remedy}; or {EXPLICIT}")


def _network() -> Check:
    def body() -> None:
        network.configure(["192.0.2.2"])
        network.listener(socket.AF_INET).close()

    problem = _tried(body)
    if not problem:
        return Check("nftables", True, "connections can be diverted (tproxy, socket, redirect)")
    remedy = (
        "load or build the kernel modules nf_tables, nft_tproxy, nft_socket, nft_redir, nft_ct "
        f"(5.10 or later), e.g. `sudo modprobe -a nft_tproxy nft_socket nft_redir`; or {EXPLICIT}"
    )
    return Check("nftables", False, f"the kernel refuses our rules: {problem}", remedy)


def _files() -> Check:
    def body() -> None:
        mounts.isolate()
        scratch = mounts.Scratch()
        for folder in ("lower", "upper", "work"):
            os.mkdir(scratch.path(folder))
        layers = [f"{kind}dir={scratch.path(kind)}" for kind in ("lower", "upper", "work")]
        extra = ["userxattr"] if rootless else []
        kernel.mount("overlay", scratch.path("lower"), "overlay", 0, ",".join([*layers, *extra]))

    rootless = not may_make_namespaces()
    problem = _tried(body)
    if not problem:
        return Check("overlay files", True, "what a test writes vanishes with it")
    return Check(
        "overlay files",
        False,
        f"overlayfs cannot be mounted ({problem}): files that a test writes stay",
        "Linux 5.11 or later has it without root; load the module overlay",
        required=False,
    )


def _changed_files() -> Check:
    def body() -> None:
        if not seccomp.supported(os.uname().machine) or not notify.supported():
            raise OSError(38, "needs Linux 5.5 or later, on x86-64 or arm64")
        os.close(seccomp.install())

    problem = _tried(body)
    if not problem:
        return Check("changed files", True, "a recording keeps them as they were before")
    return Check(
        "changed files",
        False,
        f"no seccomp filter can be set ({problem}): a test begins with the files of its own time",
        "in a container, run it with --security-opt seccomp=unconfined",
        required=False,
    )


def _processes() -> Check:
    def body() -> None:
        child = os.fork()  # the first child is PID 1 of the new namespace
        if child == 0:
            mounts.isolate()
            os._exit(1 if mounts.fresh_proc() else 0)
        if os.waitpid(child, 0)[1]:
            raise OSError(1, "mounting it is not permitted")

    problem = _tried(body)
    if not problem:
        return Check("own /proc", True, "the service sees its own processes only")
    return Check(
        "own /proc",
        False,
        f"/proc stays the machine's ({problem}): the service sees other processes",
        "in a container, run it with an unmasked /proc (--security-opt systempaths=unconfined)",
        required=False,
    )


def _clock() -> Check:
    problem = _tried(_trace)
    if not vdso.supported(machine := os.uname().machine):
        problem = f"not supported on {machine} yet"
    if not problem:
        return Check("clock", True, "a tested service lives at the time of its recording")
    stand_in = faketime.library()
    if stand_in:
        detail = f"libfaketime stands in, which does not reach Go or static programs ({problem})"
        return Check("clock", False, detail, _MAY_TRACE, required=False)
    detail = f"a tested service has the machine's time ({problem})"
    remedy = f"{_MAY_TRACE}; or install libfaketime (Debian: apt install faketime)"
    return Check("clock", False, detail, remedy, required=False)


def _seed() -> Check:
    def body() -> None:
        if reason := seeded.impossible():
            raise OSError(reason)
        os.close(seccomp.install(changes=False, draws=True))

    problem = _tried(_trace) or _tried(body)
    if not problem:
        return Check("seed", True, "a service's randomness can be made repeatable (--seed)")
    remedy = f"{_MAY_TRACE} (Linux 5.9 or later)"
    return Check("seed", False, f"--seed cannot be had: {problem}", remedy, required=False)


_MAY_TRACE = (
    "allow ptrace: `sudo sysctl kernel.yama.ptrace_scope=1`, in a container --cap-add SYS_PTRACE "
    "--security-opt seccomp=unconfined"
)


def _trace() -> None:
    """As PID 1 of a sandbox does it with the service."""
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        ptrace.ptrace(ptrace.SEIZE, child)
    except OSError as error:
        raise OSError(f"ptrace: {error.strerror}") from error
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, ptrace.WALL)


def _low_ports() -> Check:
    start = _setting("net/ipv4/ip_unprivileged_port_start") or "1024"
    if os.geteuid() == 0 or start == "0":
        return Check("low ports", True, "every port of the service can be published")
    return Check(
        "low ports",
        False,
        f"ports below {start} cannot be published outside by this user",
        "`sudo sysctl net.ipv4.ip_unprivileged_port_start=0`, or let the service use a higher port",
        required=False,
    )


def _ipv6() -> Check:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        remedy = "none needed unless the service uses IPv6"
        return Check("IPv6", False, f"not available: {error.strerror}", remedy, required=False)
    return Check("IPv6", True, "available")


def _uvloop() -> Check:
    if find_spec("uvloop"):
        return Check("uvloop", True, "installed")
    remedy = "`pip install uvloop`: the relay is about twice as fast on short connections"
    return Check(
        "uvloop", False, "not installed; asyncio's own loop is used", remedy, required=False
    )


# -- trying ----------------------------------------------------------------------------------


def _tried(body: Callable[[], None]) -> str:
    """Run `body` in fresh namespaces in a child; returns "" or what went wrong."""
    told, tell = os.pipe()
    rootless = not may_make_namespaces()
    child = os.fork()
    if child == 0:
        try:
            enter(rootless=rootless)
            body()
        except Exception as error:  # noqa: BLE001  whatever it is, it is the finding
            os.write(tell, str(error).encode()[:4096])
        os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        problem = pipe.read().decode()
    os.waitpid(child, 0)
    return problem


def enter(*, rootless: bool) -> None:
    flags = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(flags | (kernel.CLONE_NEWUSER if rootless else 0))
    if rootless:
        kernel.map_ids(uid, gid)


# -- reasons ---------------------------------------------------------------------------------

_SETTINGS = (
    "user/max_user_namespaces",
    "kernel/unprivileged_userns_clone",
    "kernel/apparmor_restrict_unprivileged_userns",
)


def kernel_settings() -> dict[str, str]:
    return {name: value for name in _SETTINGS if (value := _setting(name)) is not None}


def _setting(name: str) -> str | None:
    try:
        return Path(f"/proc/sys/{name}").read_text(encoding="ascii").strip()
    except OSError:  # this kernel does not have it
        return None


def in_container() -> bool:
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        return True
    try:
        return b"container=" in Path("/proc/1/environ").read_bytes()
    except OSError:  # PID 1 is another user's
        return False


def why_no_namespaces(
    problem: str, settings: Mapping[str, str], *, in_container: bool
) -> tuple[str, str]:
    """The reason and the remedy, from what the kernel said and how it is set."""
    if settings.get("user/max_user_namespaces") == "0":
        return (
            "user namespaces are off (user.max_user_namespaces=0)",
            "`sudo sysctl user.max_user_namespaces=15000`, or run as root",
        )
    if settings.get("kernel/unprivileged_userns_clone") == "0":
        return (
            "user namespaces are reserved to root (kernel.unprivileged_userns_clone=0)",
            "`sudo sysctl kernel.unprivileged_userns_clone=1`, or run as root",
        )
    if settings.get("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns=1)",
            "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or an AppArmor profile "
            "with `userns,` for this Python, or run as root",
        )
    if in_container:
        return (
            f"this container may not make namespaces ({problem})",
            "run it with --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined",
        )
    return f"the kernel refuses namespaces ({problem})", "run as root"
