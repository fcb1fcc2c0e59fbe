"""Java trust stores: written as JKS, read as JKS or PKCS #12.

JKS because every Java from 8 on recognises it by content whatever type is asked for, and reads
it without a password too, as it does with the file it brings (where an encrypted PKCS #12 would
be empty). Layout: sun.security.provider.JavaKeyStore; integers are big-endian, strings have a
two-byte length.
"""

from __future__ import annotations

import hashlib
import ssl
import struct
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from reenact.base.buffer import ByteReader, Short

PASSWORD = "changeit"
"""What every JDK's own cacerts uses; it protects nothing, the content is public."""

_JKS_MAGIC = 0xFEEDFEED
_TRUSTED = 2  # the tag of a certificate entry; 1 is a private key


def store(pem: bytes, password: str = PASSWORD) -> bytes:
    """A trust store with every certificate of `pem` that can be read."""
    ders = [certificate.public_bytes(Encoding.DER) for certificate in _certificates(pem)]
    data = struct.pack("!III", _JKS_MAGIC, 2, len(ders))
    for number, der in enumerate(ders):
        data += struct.pack("!I", _TRUSTED) + _string(f"reenact-{number}") + bytes(8)
        data += _string("X.509") + struct.pack("!I", len(der)) + der
    return data + hashlib.sha1(_seal(password) + data, usedforsecurity=False).digest()


def _string(value: str) -> bytes:
    return struct.pack("!H", len(value)) + value.encode("ascii")


def _seal(password: str) -> bytes:
    """What the digest at the end begins with, as the format has it."""
    return password.encode("utf-16-be") + b"Mighty Aphrodite"


def certificates_in(path: str, password: str = PASSWORD) -> bytes:
    """The certificates of a store as PEM; b"" when it is neither kind, has another password, or
    holds a key (then it is what somebody shows, not what they trust)."""
    try:
        data = Path(path).read_bytes()
        ders = _jks(data, password) or _pkcs12(data, password)
    except (OSError, ValueError, Short):
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


def _pkcs12(data: bytes, password: str) -> list[bytes]:
    loaded = pkcs12.load_pkcs12(data, password.encode())
    if loaded.key is not None:
        return []
    return [entry.certificate.public_bytes(Encoding.DER) for entry in loaded.additional_certs]


def _jks(data: bytes, password: str) -> list[bytes]:
    """Certificates (DER) of a JKS store; [] when it is none, or holds a key."""
    reader = ByteReader(data)
    if len(reader) < 12 or reader.u32() != _JKS_MAGIC:
        return []
    if hashlib.sha1(_seal(password) + data[:-20], usedforsecurity=False).digest() != data[-20:]:
        return []  # another password
    version, count = struct.unpack("!II", reader.take(8))
    out = []
    for _ in range(count):
        if reader.u32() != _TRUSTED:
            return []
        reader.take(reader.u16())  # alias
        reader.take(8)  # date
        if version == 2:
            reader.take(reader.u16())  # "X.509"
        out.append(reader.take(reader.u32()))
    return out
