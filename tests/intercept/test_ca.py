"""The recorder's own authority: made once, for its owner only, believed by real clients."""

from __future__ import annotations

import contextlib
import ssl
import stat
import subprocess
import sys

import pytest
from cryptography import x509

from reenact.base.errors import MachineError
from reenact.intercept.ca import Authority, data_folder


def test_it_is_made_at_first_use_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = data_folder() / "ca"
    first = Authority(folder)
    assert Authority(folder).pem == first.pem
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}


def test_it_is_valid_at_any_sane_clock(tmp_path):
    cert = x509.load_pem_x509_certificate(Authority(tmp_path / "ca").pem)
    assert cert.not_valid_before_utc.year <= 2001 and cert.not_valid_after_utc.year >= 2099


@pytest.mark.parametrize("name", ["a.example", "192.0.2.7", "2001:db8::1", "x" * 63 + ".example"])
def test_openssl_verifies_what_it_makes(tmp_path, name):
    authority = Authority(tmp_path / "ca")
    from cryptography.hazmat.primitives.serialization import Encoding

    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(authority._leaf(name).public_bytes(Encoding.PEM))
    kind = "-verify_ip" if ":" in name or name[0].isdigit() else "-verify_hostname"
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", kind, name]
    done = subprocess.run(
        [*command, "-CAfile", str(tmp_path / "ca" / "ca.pem"), str(leaf)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_context_is_made_once_for_a_name_and_its_protocols(tmp_path):
    authority = Authority(tmp_path / "ca")
    assert authority.context("a") is authority.context("a")
    assert authority.context("a") is not authority.context("a", ("h2",))


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN nothing"])
def test_a_damaged_authority_is_one_line_with_the_remedy(tmp_path, damage):
    folder = tmp_path / "ca"
    Authority(folder)
    (folder / "ca.pem").write_bytes(damage)
    with pytest.raises(MachineError, match=r"ca: .*; remove the folder, and it is made anew"):
        Authority(folder)


def test_a_key_of_another_authority_is_noticed(tmp_path):
    Authority(tmp_path / "a")
    Authority(tmp_path / "b")
    (tmp_path / "a" / "ca.key").replace(tmp_path / "b" / "ca.key")
    with pytest.raises(MachineError, match="the key is not the certificate's"):
        Authority(tmp_path / "b")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="XDG_DATA_HOME"):
        Authority(tmp_path / "file" / "ca")


@pytest.mark.slow
def test_recorders_that_start_at_the_same_time_make_one(tmp_path):
    code = (
        "import sys, pathlib; from reenact.intercept.ca import Authority;"
        "print(Authority(pathlib.Path(sys.argv[1])).pem.decode())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ca")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(6)]
    assert len({process.communicate()[0] for process in running}) == 1
    assert {process.returncode for process in running} == {0}


def test_the_certificate_is_for_the_name_that_the_client_asks_for(tmp_path):
    ours = Authority(tmp_path / "ca")
    trusting = ssl.create_default_context(cafile=str(ours.file))
    for name in ("db.internal", "127.0.0.1"):
        client_in, client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting.wrap_bio(client_in, client_out, server_hostname=name)
        server_in, server_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = ours.context_by_name("127.0.0.1").wrap_bio(server_in, server_out, server_side=True)
        for _ in range(4):
            for side in (client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
                server_in.write(client_out.read())
                client_in.write(server_out.read())
        assert client.version() is not None
