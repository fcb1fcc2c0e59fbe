"""Files of trusted certificates that a service is told of, whatever the setting is called.

`DB_CA=/etc/app/ca.pem`, `DATABASE_URL=postgres://...&sslrootcert=ca.pem`, `--cacert=ca.pem`,
`-Djavax.net.ssl.trustStore=trust.p12`: a path is a path. What it holds decides, not its name.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cryptography import x509

SIZE_MAX = 4 * 1024 * 1024
"""Debian's bundle of all public authorities has 0.2 MB."""

_BETWEEN = re.compile(r"[=,;&?\s\"'|]+")
_STORE_PASSWORD = re.compile(r"trustStorePassword=([^\s\"']+)")
_STORES = (".jks", ".p12", ".pfx", ".truststore", ".keystore", ".ks", "cacerts")


def authorities(env: Mapping[str, str], command: Sequence[str], cwd: str) -> list[str]:
    """PEM files that hold authorities' certificates and nothing else."""
    return [path for path in _files(env, command, cwd) if holds_authorities(path)]


def java_stores(env: Mapping[str, str], command: Sequence[str], cwd: str) -> list[str]:
    """Files that are called as Java's stores are."""
    return [path for path in _files(env, command, cwd) if path.endswith(_STORES)]


def store_passwords(env: Mapping[str, str], command: Sequence[str]) -> list[str]:
    """Of Java's options, and of variables that are called so (TRUST_STORE_PASSWORD)."""
    options = [
        found for text in (*command, *env.values()) for found in _STORE_PASSWORD.findall(text)
    ]
    named = [
        value for name, value in env.items() if "STORE" in name.upper() and "PASS" in name.upper()
    ]
    return list(dict.fromkeys([*options, *named]))


def holds_authorities(path: str) -> bool:
    """Certificates that may sign others, or are signed by themselves; no key. A service's own
    certificate, which it shows to its callers, has to stay as it is."""
    try:
        data = Path(path).read_bytes() if os.path.getsize(path) <= SIZE_MAX else b""
    except OSError:
        return False
    if b"-----BEGIN CERTIFICATE-----" not in data or b"PRIVATE KEY-----" in data:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old roots with odd serial numbers
            return all(map(_signs, x509.load_pem_x509_certificates(data)))
    except ValueError:
        return False


def _signs(certificate: x509.Certificate) -> bool:
    if certificate.issuer == certificate.subject:
        return True
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.value.ca


def _files(env: Mapping[str, str], command: Sequence[str], cwd: str) -> Iterator[str]:
    """Every part of a setting or an argument that names a file, once."""
    texts = [*command[1:], *(value for name, value in env.items() if name not in ("PATH", "_"))]
    parts = [part for text in texts for part in (text, *_BETWEEN.split(text))]
    seen = dict.fromkeys(os.path.join(cwd, part) for part in parts if _may_be_path(part))
    yield from (path for path in seen if os.path.isfile(path))


def _may_be_path(part: str) -> bool:
    return ("/" in part or "." in part) and len(part) < 4096 and "\0" not in part
