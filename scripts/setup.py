"""What the demo and the checks need on a fresh machine. Standard library only: it runs first.

Debian packages are installed by apt when something is missing and we are root; all else goes into
`.work/` of this clone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".work"
VENV = WORK / "venv"
NODE = WORK / "node"
POLICY = Path("/usr/sbin/policy-rc.d")

DEMO_PROGRAMS = {"initdb": "postgresql", "redis-server": "redis-server"}
"""Program (or file) -> the Debian package that brings it."""

CHECK_PROGRAMS = {
    **DEMO_PROGRAMS,
    "openssl": "openssl",
    "curl": "curl",
    "git": "git",
    "haproxy": "haproxy",
    "nft": "nftables",
    "ip": "iproute2",
    "node": "nodejs",
    "npm": "npm",
    "java": "default-jdk-headless",
    "go": "golang-go",
    "puma": "puma",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "gcc": "gcc",
    "/usr/include/stdlib.h": "libc6-dev",
    "faketime": "faketime",
    "php": "php-cli",
    "ruby": "ruby",
}


LIBRARIES = (
    "golang-github-lib-pq-dev",
    "golang-gopkg-redis.v5-dev",
    "libhikaricp-java",
    "libjackson2-databind-java",
    "libpostgresql-jdbc-java",
    "libslf4j-java",
    "ruby-connection-pool",
    "ruby-pg",
    "ruby-redis",
    "ruby-sinatra",
)
"""Debian packages without a program of their own, for the services of tests/apps_other."""

CHECK_PROGRAMS |= {f"/var/lib/dpkg/info/{package}.list": package for package in LIBRARIES}

for _name, _folder in (("PIP_CACHE_DIR", "pip"), ("NPM_CONFIG_CACHE", "npm")):
    # Inherited by everything that we start: nothing is left outside the clone.
    os.environ.setdefault(_name, str(WORK / "cache" / _folder))


class SetupFailed(Exception):
    """One line: what is missing and how to get it."""


def demo() -> Path:
    """The virtual environment's Python, with everything the demo needs in place."""
    debian(DEMO_PROGRAMS)
    return environment(["."], [ROOT / "examples/orders/requirements.txt"], "venv")


def check() -> Path:
    debian(CHECK_PROGRAMS)
    requirements = [ROOT / "examples/orders/requirements.txt", ROOT / "tests/requirements.txt"]
    python = environment([".[dev]"], [path for path in requirements if path.exists()], "venv")
    node_packages(ROOT / "tests/package.json")
    return python


def debian(programs: dict[str, str]) -> None:
    """Installs the packages of those programs that are not there."""
    missing = sorted({programs[name] for name in programs if not find(name)})
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupFailed(f"please install: {' '.join(missing)} (sudo apt install ...)")
    print("installing from Debian:", *missing, flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ours = _forbid_daemons()
    try:
        run(["apt-get", "update", "-qq"], env=env)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        run([*install, *missing], env=env)
    finally:
        if ours:
            POLICY.unlink()


def find(program: str) -> str | None:
    """Where it is. What stands in a path of its own is no program: a library."""
    if program.startswith("/"):
        return program if Path(program).exists() else None
    folders = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    return shutil.which(program, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", *folders]))


def _forbid_daemons() -> bool:
    """Debian starts a server it installs, on its usual port; ours start by themselves. Whether
    the policy file is ours to remove."""
    if POLICY.exists():
        return False
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    return True


def environment(packages: Sequence[str], requirements: Sequence[Path], name: str) -> Path:
    """A virtual environment in `.work/<name>`; made anew only when what goes in has changed.

    Environments with more packages in them serve those that ask for fewer.
    """
    folder = WORK / name
    python = folder / "bin" / "python"
    wanted = digest([ROOT / "pyproject.toml", *requirements], packages)
    stamps = folder / "stamps"
    if python.exists() and (stamps / wanted).exists():
        return python
    print("installing Python packages into", folder.relative_to(ROOT), flush=True)
    if not python.exists():
        run([sys.executable, "-m", "venv", str(folder)])
    arguments = [word for package in packages for word in ("-e", str(ROOT) + package[1:])]
    arguments += [word for path in requirements for word in ("-r", str(path))]
    pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    run([*pip, *arguments])
    stamps.mkdir(exist_ok=True)
    (stamps / wanted).touch()
    return python


def node_packages(manifest: Path) -> None:
    """`node_modules` of `.work/node`, as the manifest (and the lock beside it) says."""
    if not manifest.exists():
        return
    NODE.mkdir(parents=True, exist_ok=True)
    lock = manifest.with_name("package-lock.json")
    stamp = NODE / f"stamp-{digest([p for p in (manifest, lock) if p.exists()], [])}"
    if stamp.exists():
        return
    print("installing npm packages into", NODE.relative_to(ROOT), flush=True)
    for path in (manifest, lock):
        if path.exists():
            shutil.copyfile(path, NODE / path.name)
    verb = "ci" if lock.exists() else "install"
    run(["npm", verb, "--no-audit", "--no-fund", "--loglevel=error"], cwd=NODE)
    stamp.touch()


def digest(files: Iterable[Path], words: Iterable[str]) -> str:
    content = b"\0".join([*(path.read_bytes() for path in files), *(w.encode() for w in words)])
    return hashlib.sha256(content).hexdigest()[:16]


def run(
    command: Sequence[str], *, env: dict[str, str] | None = None, cwd: Path | None = None
) -> None:
    done = subprocess.run(
        command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        tail = done.stdout.decode("utf-8", "replace").splitlines()[-20:]
        raise SetupFailed("\n".join([*tail, f"failed: {' '.join(command)}"]))
