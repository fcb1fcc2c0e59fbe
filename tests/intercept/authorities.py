"""Certificates that the recorder did not make: the upstream's and its clients'."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reenact.intercept.ca import VALID_FROM, VALID_TO, Authority


class Foreign:
    """A private CA, as a company has one: `file` is what its clients are told to trust."""

    def __init__(self, folder: Path) -> None:
        self._authority = Authority(folder)
        self._folder = folder
        self.file = folder / "ca.pem"

    def server(self, name: str, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        return self._authority.context(name, alpn)

    def certificate(self, name: str) -> Path:
        """A PEM file with a certificate for `name`, as server or as client, and its key."""
        authority, key = self._authority, ec.generate_private_key(ec.SECP256R1())
        leaf = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(authority._cert.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_TO)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(authority._key, hashes.SHA256())
        )
        path = self._folder / f"{name}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(leaf.public_bytes(Encoding.PEM) + private)
        path.chmod(0o600)
        return path
