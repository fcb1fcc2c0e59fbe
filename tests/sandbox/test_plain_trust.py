"""Trust by variables alone: what named a file names a copy of it with our CA."""

from __future__ import annotations

from pathlib import Path

import pytest

from reenact.sandbox.plain_trust import PlainTrust, arrange_plainly

CA = b"-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"
THEIRS = "-----BEGIN CERTIFICATE-----\ntheirs\n-----END CERTIFICATE-----\n"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    file = tmp_path / "theirs.pem"
    file.write_text(THEIRS)
    return file


def arranged(folder: Path, env: dict[str, str], *trust_files: str) -> PlainTrust:
    return arrange_plainly(
        CA,
        Path("/home/me/ca.pem"),
        folder / "made",
        env,
        command=["true"],
        cwd=str(folder),
        trust_files=trust_files,
    )


def test_a_file_that_a_variable_names_is_replaced_by_a_copy_with_our_ca(
    tmp_path: Path, theirs: Path
) -> None:
    env = arranged(tmp_path, {"REQUESTS_CA_BUNDLE": str(theirs)}).env
    assert Path(env["REQUESTS_CA_BUNDLE"]).read_bytes() == THEIRS.encode() + CA
    assert theirs.read_text() == THEIRS


def test_a_variable_that_was_not_set_is(tmp_path: Path) -> None:
    env = arranged(tmp_path, {}).env
    assert Path(env["SSL_CERT_FILE"]).read_bytes().endswith(CA)
    assert Path(env["NODE_EXTRA_CA_CERTS"]).read_bytes() == CA


def test_a_trust_file_that_no_variable_names_cannot_be_extended(
    tmp_path: Path, theirs: Path
) -> None:
    assert arranged(tmp_path, {}, str(theirs)).notes == (
        f"tls.trust_files: {theirs} cannot be extended without a sandbox; let the service read a "
        "copy of it to which /home/me/ca.pem was added",
    )
    assert arranged(tmp_path, {"PGSSLROOTCERT": str(theirs)}, str(theirs)).notes == ()
