"""The installation's own certificate authority, and certificates made for the name asked for.

The key is made at first use in the user's data folder and never leaves it; no system trust store is
touched: the service sees the authority through private bind mounts and variables alone.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from reenact.base.errors import MachineError

VALID_FROM = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
VALID_TO = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
"""Valid at any clock a replayed service may be given."""

LOCAL = ("localhost", "127.0.0.1", "::1")


def data_folder() -> Path:
    """`$XDG_DATA_HOME/reenact`, made 0700."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    folder = Path(base) / "reenact"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class Authority:
    """One CA; leaf certificates and TLS contexts are kept for the names seen."""

    def __init__(self, folder: Path) -> None:
        """Raises MachineError when the folder cannot hold one, or holds something else."""
        self.file, key = folder / "ca.pem", folder / "ca.key"
        try:
            with _alone(folder):
                if not (self.file.exists() and key.exists()):
                    _make(self.file, key)
            self.pem = self.file.read_bytes()
            self._cert = x509.load_pem_x509_certificate(self.pem)
            loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        except OSError as bad:
            raise MachineError(
                f"{folder}: {bad.strerror}; the recorder's certificates are kept there, and "
                "XDG_DATA_HOME moves it"
            ) from None
        except ValueError as bad:
            raise MachineError(f"{folder}: {bad}; remove the folder, and it is made anew") from None
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or (
            loaded.public_key() != self._cert.public_key()
        ):
            raise MachineError(
                f"{folder}: the key is not the certificate's; remove the folder, and it is made anew"
            )
        self._key = loaded
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}

    def context(self, name: str, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        """A server context for a DNS name or an IP address, offering just these protocols."""
        key = (name, alpn)
        if key not in self._contexts:
            self._contexts[key] = self._made(name, alpn)
        return self._contexts[key]

    def context_by_name(self, otherwise: str) -> ssl.SSLContext:
        """A server context for the name that the client will ask for, when it asks for one."""
        context = self._made(otherwise, ())

        def choose(client: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name:
                client.context = self.context(name)

        context.sni_callback = choose
        return context

    def _made(self, name: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(context, name)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def _load(self, context: ssl.SSLContext, name: str) -> None:
        """`load_cert_chain` wants files; these live as long as the call and are ours alone."""
        pem = self._leaf(name).public_bytes(serialization.Encoding.PEM) + self.pem
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "leaf.pem"
            _write_private(path, pem + _key_pem(self._leaf_key))
            context.load_cert_chain(path)

    def _leaf(self, name: str) -> x509.Certificate:
        shown = name if len(name) <= 64 else "reenact"  # X.520 bounds a common name
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shown)]))
            .issuer_name(self._cert.subject)
            .public_key(self._leaf_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_TO)
            .add_extension(x509.SubjectAlternativeName(_names(name)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )


def _names(name: str) -> list[x509.GeneralName]:
    """A client on this machine may not say which of its names it used (Java's never do)."""
    return [_general_name(n) for n in (LOCAL if name in LOCAL else (name,))]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time, where files can be locked: recorders may start together."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _make(cert: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Reenact local authority")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    _write_private(key, _key_pem(private))
    _write_private(cert, made.public_bytes(serialization.Encoding.PEM))


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, data: bytes) -> None:
    """0600 from the first byte on; complete or absent."""
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    fresh.rename(path)
