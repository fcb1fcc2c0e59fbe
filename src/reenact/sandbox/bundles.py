"""Where trusted certificates lie on a machine: system bundles, bundles within packages, Java's."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL 7 and later
    "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/pki/tls/cacert.pem",  # OpenELEC
    "/etc/ssl/cert.pem",  # Alpine
    "/usr/lib/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
)
"""As Go's crypto/x509/root_linux.go lists them, and OpenSSL's default file on Debian."""

_IN_SITE_PACKAGES = (
    "certifi/cacert.pem",
    "pip/_vendor/certifi/cacert.pem",
    "botocore/cacert.pem",
    "stripe/data/ca-certificates.crt",
    "grpc/_cython/_credentials/roots.pem",
)

_JAVA = (
    "/etc/ssl/certs/java/cacerts",
    "/etc/pki/java/cacerts",
    "/etc/pki/ca-trust/extracted/java/cacerts",
)


def system_roots(files: Sequence[str]) -> bytes:
    """The roots that OpenSSL would use by default: of the first bundle found."""
    return Path(files[0]).read_bytes() if files else b""


def in_packages(env: Mapping[str, str], command: Sequence[str], cwd: str) -> list[str]:
    """Bundles that Python packages carry, in the environments this command may use."""
    out = []
    for prefix in _python_prefixes(env, command, cwd):
        folders = glob.glob(f"{glob.escape(prefix)}/lib*/python3*/*-packages")
        paths = [f"{folder}/{name}" for folder in folders for name in _IN_SITE_PACKAGES]
        out += [path for path in paths if os.path.isfile(path)]
    return list(dict.fromkeys(out))


def _python_prefixes(env: Mapping[str, str], command: Sequence[str], cwd: str) -> list[str]:
    """`bin/..` of the command, of what its first line names, and of Python itself."""
    programs = [command[0]] if command else []
    programs += ["python3", "python"]
    found = [full for name in programs if (full := _find(name, env, cwd))]
    found += [line for full in found if (line := _interpreter(full))]
    prefixes = [str(Path(full).parent.parent) for full in found]
    prefixes += [str(Path(os.path.realpath(full)).parent.parent) for full in found]
    prefixes += [env.get("VIRTUAL_ENV", ""), f"{cwd}/.venv", f"{cwd}/venv"]
    local = f"{env['HOME']}/.local" if env.get("HOME") else ""
    return list(
        dict.fromkeys(prefix for prefix in [*prefixes, local, "/usr", "/usr/local"] if prefix)
    )


def _find(program: str, env: Mapping[str, str], cwd: str) -> str | None:
    if "/" in program:
        return os.path.join(cwd, program)
    return shutil.which(program, path=env.get("PATH", os.defpath))


def _interpreter(script: str) -> str | None:
    """The program in a script's `#!` line, by full path."""
    try:
        with open(script, "rb") as source:
            first = source.readline(256)
    except OSError:
        return None
    words = first[2:].split() if first.startswith(b"#!") else []
    return os.fsdecode(words[0]) if words and not words[0].endswith(b"/env") else None


def java_stores(env: Mapping[str, str], command: Sequence[str], cwd: str) -> list[str]:
    return [
        path for path in dict.fromkeys(_java_candidates(env, command, cwd)) if os.path.isfile(path)
    ]


def _java_candidates(env: Mapping[str, str], command: Sequence[str], cwd: str) -> Iterator[str]:
    yield from _JAVA
    homes = [env["JAVA_HOME"]] if env.get("JAVA_HOME") else []
    for program in ["java", *command[:1]]:
        full = _find(program, env, cwd)
        if full:
            homes.append(str(Path(os.path.realpath(full)).parent.parent))
    for home in homes:
        yield f"{home}/lib/security/cacerts"
        yield f"{home}/jre/lib/security/cacerts"
