"""`reenact.toml`: what can be configured. Everything works without it."""

from __future__ import annotations

import ssl
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from reenact.base.errors import UserError
from reenact.model.suite import SEED_MAX

FILE = "reenact.toml"


class ClientCert(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The certificate shown to upstream hosts that ask for one."""

    host: str
    cert: str
    key: str


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`passthrough`: hosts left encrypted and opaque. `trust_files`: CA files that the service's
    clients read (`sslrootcert`, `verify=`): ours is added to them inside the sandbox, and what they
    hold is trusted upstream. `insecure`: hosts whose certificate is not verified, as their
    client doesn't. `service_cert`/`service_key`: shown to callers of a service that listens with TLS."""

    passthrough: tuple[str, ...] = ()
    trust_files: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    client_certs: tuple[ClientCert, ...] = ()
    service_cert: str = ""
    service_key: str = ""


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of the files that a service changes is kept by a recording: none with `keep` false;
    one of at most `file_mib`, all together of at most `total_mib` (MiB); `ignore`d are paths
    (relative ones begin at the service's folder), names of files and folders, and endings
    of names ("*.pyc")."""

    keep: bool = True
    file_mib: int = 64
    total_mib: int = 512
    ignore: tuple[str, ...] = ("__pycache__", "*.pyc")


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `--clock`, `--restart` and `--seed` are when they are left out."""

    clock: str = "recorded"
    restart: Literal["never", "group", "each"] = "never"
    seed: Annotated[int, msgspec.Meta(ge=0, le=SEED_MAX)] | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`unix_sockets`: paths of dependencies' sockets beside those that are found.
    `protocols`: `{"10.0.0.7:9000" = "redis"}` where detection needs help."""

    tls: Tls = Tls()
    unix_sockets: tuple[str, ...] = ()
    protocols: Annotated[dict[str, str], msgspec.Meta()] = {}
    files: Files = Files()
    replay: Replay = Replay()


def load_settings(path: Path | None, cwd: Path) -> Settings:
    """The file named, else `reenact.toml` in `cwd`, else the defaults.

    Raises UserError naming file and key for anything that is not a setting.
    """
    if path is None:
        path = cwd / FILE
        if not path.exists():
            return Settings()
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; leave --config out or name an existing one"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as bad:
        raise UserError(f"{path}: {bad}") from None
    try:
        settings = msgspec.convert(tree, Settings)
    except msgspec.ValidationError as bad:
        raise UserError(
            f"{path}: {bad}; see docs/configuration.md for the settings there are"
        ) from None
    for own in settings.tls.client_certs:
        _check_pair(path, "tls.client_certs", cwd / own.cert, cwd / own.key)
    if settings.tls.service_cert:
        cert, key = settings.tls.service_cert, settings.tls.service_key
        _check_pair(path, "tls.service_cert", cwd / cert, cwd / (key or cert))
    return settings


def _check_pair(path: Path, name: str, cert: Path, key: Path) -> None:
    """Now, and not at the first connection that needs them."""
    for file in (cert, key):
        if not file.is_file():
            raise UserError(f"{path}: {name}: {file} is no file")
    try:
        # Without a password given, OpenSSL would ask the terminal for one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (ssl.SSLError, OSError) as bad:
        raise UserError(
            f"{path}: {name}: {cert} and {key} are no certificate and its key in PEM, the key "
            f"without a password ({getattr(bad, 'reason', None) or bad})"
        ) from None
