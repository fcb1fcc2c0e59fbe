"""Java trust stores: written as PKCS #12, read as PKCS #12 or JKS."""

from __future__ import annotations

import ssl
import struct
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from reenact.base.buffer import ByteReader, Short

PASSWORD = "changeit"
"""What every JDK's own cacerts uses; it protects nothing, the content is public."""

_JKS_MAGIC = 0xFEEDFEED
_TRUSTED = 2  # the tag of a certificate entry; 1 is a private key


def store(pem: bytes) -> bytes:
    """A trust store with every certificate of `pem` that can be read."""
    entries = [
        pkcs12.PKCS12Certificate(certificate, f"reenact-{number}".encode())
        for number, certificate in enumerate(_certificates(pem))
    ]
    return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(PASSWORD.encode()))


def certificates_in(path: str) -> bytes:
    """The certificates of a store as PEM; b"" when it is neither kind, or has another password."""
    data = Path(path).read_bytes()
    try:
        ders = _jks(data) or _pkcs12(data)
    except (ValueError, Short):
        return b""
    return b"".join(ssl.DER_cert_to_PEM_cert(der).encode() for der in ders)


def _certificates(pem: bytes) -> list[x509.Certificate]:
    """One by one: a single root that a strict parser refuses must not cost the others."""
    out = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old roots with odd serial numbers
        for part in pem.split(b"-----BEGIN ")[1:]:
            try:
                out.append(x509.load_pem_x509_certificate(b"-----BEGIN " + part))
            except ValueError:
                continue
    return out


def _pkcs12(data: bytes) -> list[bytes]:
    loaded = pkcs12.load_pkcs12(data, PASSWORD.encode())
    return [entry.certificate.public_bytes(Encoding.DER) for entry in loaded.additional_certs]


def _jks(data: bytes) -> list[bytes]:
    """Certificates (DER) of a JKS store; [] when it is none. Layout: sun.security.provider.JavaKeyStore.

    Integers are big-endian; strings have a two-byte length. Stores with private keys end the
    reading at the first key: trust stores have none.
    """
    reader = ByteReader(data)
    if len(reader) < 12 or reader.u32() != _JKS_MAGIC:
        return []
    version, count = struct.unpack("!II", reader.take(8))
    out = []
    for _ in range(count):
        if reader.u32() != _TRUSTED:
            break
        reader.take(reader.u16())  # alias
        reader.take(8)  # date
        if version == 2:
            reader.take(reader.u16())  # "X.509"
        out.append(reader.take(reader.u32()))
    return out
