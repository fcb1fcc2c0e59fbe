"""Makes a service trust the recorder's CA: files bound over bundles, variables for runtimes.

The machine's own trust store is never touched: every file is a copy with our certificate
added, shown in its place inside the sandbox only. A file that the user named in a variable is
treated likewise, so the variable keeps its value.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from reenact.base.errors import UserError
from reenact.sandbox import bundles, java_trust, named

VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL: Python ssl and httpx, Ruby, PHP, Perl; Go, .NET, rustls-native-certs
    "REQUESTS_CA_BUNDLE",  # Python requests
    "CURL_CA_BUNDLE",  # the curl command; requests too
    "AWS_CA_BUNDLE",  # AWS SDKs and command line
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",  # gRPC C core and its bindings
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "PERL_LWP_SSL_CA_FILE",
    "CARGO_HTTP_CAINFO",
)
"""Each replaces a runtime's roots: gets the machine's roots and ours."""

EXTRA_VARIABLES = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
"""Each adds to a runtime's own roots: gets our certificate alone."""

USER_FILES = (*VARIABLES, *EXTRA_VARIABLES, "PGSSLROOTCERT", "MYSQL_SSL_CA", "REDIS_SSL_CA")
_PEM_MARK = b"-----BEGIN "


class Trust(msgspec.Struct, frozen=True):
    """`env`: the service's environment with our additions. `binds`: see `SandboxSpec.binds`.
    `roots`: what else than the machine's roots the service was told to trust, as PEM."""

    env: dict[str, str]
    binds: tuple[tuple[str, str], ...]
    roots: bytes = b""


def arrange(
    ca_pem: bytes,
    folder: Path,
    env: Mapping[str, str],
    *,
    command: Sequence[str] = (),
    cwd: str = "/",
    trust_files: Iterable[str] = (),
) -> Trust:
    """Write the files needed into `folder`, which has to outlive the service and be readable
    by it, whatever user it becomes. UserError when one of `trust_files` is missing or not PEM.
    """
    maker = _Maker(ca_pem, folder)
    found = _bundle_files(env, command, cwd)
    told = named.authorities(env, command, cwd)
    asked = [_checked(path, cwd) for path in trust_files]
    binds = {os.path.realpath(path): maker.with_ca(path) for path in [*found, *told, *asked]}
    roots = bundles.system_roots(found)
    stores = {os.path.realpath(s): s for s in bundles.java_stores(env, command, cwd)}
    for path in stores:
        binds[path] = maker.java_store(java_trust.certificates_in(path) or roots)
    stores_told = _stores_told(env, command, cwd)
    for path, (certificates, password) in stores_told.items():
        binds[os.path.realpath(path)] = maker.java_store(certificates, password)
    names = {
        "bundle": maker.file("bundle.pem", _joined(roots, ca_pem)),
        "ca": maker.file("ca.pem", ca_pem),
        "java": maker.java_store(roots),
    }
    pairs = tuple((source, target) for target, source in binds.items())
    pems = [Path(path).read_bytes() for path in told]
    pems += [certificates for certificates, _ in stores_told.values()]
    return Trust(_environment(env, cwd, names), pairs, b"\n".join(pems))


def _stores_told(
    env: Mapping[str, str], command: Sequence[str], cwd: str
) -> dict[str, tuple[bytes, str]]:
    """Java's stores that the service names itself: what they hold, and the password that opens
    them."""
    out = {}
    for path in named.java_stores(env, command, cwd):
        for password in (java_trust.PASSWORD, *named.store_passwords(env, command)):
            if certificates := java_trust.certificates_in(path, password):
                out[path] = (certificates, password)
                break
    return out


def _bundle_files(env: Mapping[str, str], command: Sequence[str], cwd: str) -> list[str]:
    by_variable = [os.path.join(cwd, env[name]) for name in USER_FILES if env.get(name)]
    home = env.get("HOME", "")
    libpq = [f"{home}/.postgresql/root.crt"] if home else []
    candidates = [*bundles.SYSTEM, *by_variable, *libpq, *bundles.in_packages(env, command, cwd)]
    return [path for path in candidates if os.path.isfile(path) and is_pem(path)]


def is_pem(path: str) -> bool:
    try:
        return _PEM_MARK in Path(path).read_bytes()
    except OSError:  # not readable for us, so not for the service
        return False


def _checked(path: str, cwd: str) -> str:
    full = os.path.join(cwd, os.path.expanduser(path))
    if not os.path.isfile(full):
        raise UserError(f"tls.trust_files: {path} is no file; name the CA file the client reads")
    if not is_pem(full):
        raise UserError(f"tls.trust_files: {path} is not PEM; only PEM files can be extended")
    return full


def _environment(env: Mapping[str, str], cwd: str, names: Mapping[str, str]) -> dict[str, str]:
    """Only what the user has not set; what they set names a file that is bound over."""
    out = dict(env)
    for variable in VARIABLES:
        _default(out, variable, names["bundle"], cwd)
    for variable in EXTRA_VARIABLES:
        _default(out, variable, names["ca"], cwd)
    # The certificate a client sees is ours, so a proof tied to it cannot match the server's.
    out["PGCHANNELBINDING"] = "disable"
    options = (
        f"-Djavax.net.ssl.trustStore={names['java']} "
        f"-Djavax.net.ssl.trustStorePassword={java_trust.PASSWORD}"
    )
    if not any("javax.net.ssl.trustStore=" in text for text in out.values()):
        out["JAVA_TOOL_OPTIONS"] = f"{out.get('JAVA_TOOL_OPTIONS', '')} {options}".strip()
    return out


def _default(env: dict[str, str], variable: str, value: str, cwd: str) -> None:
    file = env.get(variable)
    if not file or not is_pem(os.path.join(cwd, file)):
        env[variable] = value


def _joined(first: bytes, second: bytes) -> bytes:
    return first.rstrip(b"\n") + b"\n" + second


class _Maker:
    """Files in the folder, named by content so that equal bundles are written once."""

    def __init__(self, ca_pem: bytes, folder: Path) -> None:
        self._ca = ca_pem
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)

    def file(self, name: str, content: bytes) -> str:
        path = self._folder / name
        path.write_bytes(content)
        path.chmod(0o644)
        return str(path)

    def with_ca(self, path: str) -> str:
        content = _joined(Path(path).read_bytes(), self._ca)
        return self._by_content(content, ".pem")

    def java_store(self, roots: bytes, password: str = java_trust.PASSWORD) -> str:
        name = self._name(_joined(roots, self._ca) + password.encode(), ".jks")
        if not (self._folder / name).exists():
            self.file(name, java_trust.store(_joined(roots, self._ca), password))
        return str(self._folder / name)

    def _by_content(self, content: bytes, suffix: str) -> str:
        name = self._name(content, suffix)
        path = self._folder / name
        return str(path) if path.exists() else self.file(name, content)

    def _name(self, content: bytes, suffix: str) -> str:
        return hashlib.sha256(content).hexdigest()[:16] + suffix
