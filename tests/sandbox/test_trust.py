"""Runtimes inside trust our CA; the machine's own files stay as they are."""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import ssl
import subprocess
import textwrap
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reenact.base.errors import UserError
from reenact.sandbox import bundles, java_trust, trust
from tests.sandbox.running import WAIT_S, opened, run, take

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)


class Authority:
    """A CA of the tests, and a server certificate of its making for 203.0.113.9."""

    def __init__(self, name: str = "another test CA") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def server(self, folder: Path) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "203.0.113.9")])
        address = x509.IPAddress(ipaddress.ip_address("203.0.113.9"))
        leaf = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(2)
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "server.pem").write_bytes(secret + leaf.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        return context


CA = Authority("the test CA")
PATH = {"PATH": os.environ["PATH"] + ":/usr/bin:/bin"}


def test_what_the_user_has_not_set_names_our_files(tmp_path: Path) -> None:
    made = trust.arrange(CA.pem, tmp_path, PATH)
    assert made.env["PATH"] == PATH["PATH"]
    for name in trust.VARIABLES:
        assert CA.pem in Path(made.env[name]).read_bytes()
    for name in trust.EXTRA_VARIABLES:
        assert Path(made.env[name]).read_bytes() == CA.pem
    assert made.env["PGCHANNELBINDING"] == "disable"
    assert str(tmp_path) in made.env["JAVA_TOOL_OPTIONS"]


def test_a_file_the_user_named_keeps_its_name_and_gains_our_ca(tmp_path: Path) -> None:
    private = tmp_path / "corporate.pem"
    private.write_bytes(Authority().pem)
    before = private.read_bytes()
    env = {**PATH, "SSL_CERT_FILE": str(private), "NODE_EXTRA_CA_CERTS": "corporate.pem"}
    made = trust.arrange(CA.pem, tmp_path / "ours", env, cwd=str(tmp_path))
    assert made.env["SSL_CERT_FILE"] == str(private)
    assert made.env["NODE_EXTRA_CA_CERTS"] == "corporate.pem"
    source = {target: source for source, target in made.binds}[str(private)]
    assert Path(source).read_bytes() == before + CA.pem
    assert private.read_bytes() == before


def test_java_options_of_the_user_are_kept_and_theirs_of_the_store_wins(tmp_path: Path) -> None:
    made = trust.arrange(CA.pem, tmp_path, {**PATH, "JAVA_TOOL_OPTIONS": "-Xmx1g"})
    assert made.env["JAVA_TOOL_OPTIONS"].startswith("-Xmx1g -Djavax.net.ssl.trustStore=")
    theirs = "-Djavax.net.ssl.trustStore=/a"
    made = trust.arrange(CA.pem, tmp_path, {**PATH, "JAVA_TOOL_OPTIONS": theirs})
    assert made.env["JAVA_TOOL_OPTIONS"] == theirs


def test_authorities_that_any_setting_names_gain_our_ca(tmp_path: Path) -> None:
    private = tmp_path / "corporate.pem"
    private.write_bytes(Authority().pem)
    tools = {
        "A": {"env": {"BILLING_CA": str(private)}},
        "B": {"env": {"DB": f"postgres://u@h/d?sslmode=verify-full&sslrootcert={private}"}},
        "C": {"command": ["app", "--cacert=corporate.pem"]},
    }
    for name, told in tools.items():
        env = {**PATH, **told.get("env", {})}  # type: ignore[dict-item]
        command = tuple(told.get("command", ()))
        made = trust.arrange(CA.pem, tmp_path / name, env, command=command, cwd=str(tmp_path))
        source = {target: source for source, target in made.binds}[str(private)]
        assert Path(source).read_bytes() == private.read_bytes() + CA.pem, name
        assert made.roots == private.read_bytes()


def test_a_certificate_that_the_service_shows_stays_as_it_is(tmp_path: Path) -> None:
    CA.server(tmp_path)
    shown = tmp_path / "server.pem"
    leaf = shown.read_bytes()[shown.read_bytes().index(b"-----BEGIN CERT") :]
    (tmp_path / "leaf.pem").write_bytes(leaf)
    env = {**PATH, "TLS_CERT": str(shown), "TLS_CHAIN": str(tmp_path / "leaf.pem")}
    made = trust.arrange(CA.pem, tmp_path / "ours", env)
    assert not {str(shown), str(tmp_path / "leaf.pem")} & {target for _, target in made.binds}


def test_a_java_store_that_the_service_names_gains_our_ca_and_keeps_its_password(
    tmp_path: Path,
) -> None:
    other = Authority().pem
    (tmp_path / "t.jks").write_bytes(java_trust.store(other, "secret"))
    option = "-Djavax.net.ssl.trustStore=t.jks"
    password = "-Djavax.net.ssl.trustStorePassword=secret"
    for env, command in (
        ({"JAVA_TOOL_OPTIONS": f"{option} {password}"}, ()),
        ({}, ("java", option, password, "App")),
        ({"TRUST_STORE": "t.jks", "TRUST_STORE_PASSWORD": "secret"}, ()),
    ):
        made = trust.arrange(
            CA.pem, tmp_path / "ours", {**PATH, **env}, command=command, cwd=str(tmp_path)
        )
        source = {target: source for source, target in made.binds}[str(tmp_path / "t.jks")]
        assert java_trust.certificates_in(source, "secret") == other + CA.pem
        assert java_trust.certificates_in(source) == b""
        assert made.roots == other


def test_a_trust_file_gains_our_ca(tmp_path: Path) -> None:
    private = tmp_path / "root.crt"
    private.write_bytes(Authority().pem)
    made = trust.arrange(CA.pem, tmp_path / "ours", PATH, trust_files=[str(private)])
    assert str(private) in [target for _, target in made.binds]


def test_a_trust_file_that_cannot_be_extended_is_the_user_s_mistake(tmp_path: Path) -> None:
    (tmp_path / "store.jks").write_bytes(b"\xfe\xed\xfe\xed")
    with pytest.raises(UserError, match="not PEM"):
        trust.arrange(CA.pem, tmp_path, PATH, trust_files=[str(tmp_path / "store.jks")])
    with pytest.raises(UserError, match="is no file"):
        trust.arrange(CA.pem, tmp_path, PATH, trust_files=["/nowhere.pem"])


def test_bundles_within_python_packages_are_found(tmp_path: Path) -> None:
    carried = tmp_path / "venv/lib/python3.12/site-packages/certifi/cacert.pem"
    carried.parent.mkdir(parents=True)
    carried.write_bytes(CA.pem)
    script = tmp_path / "venv/bin/app"
    script.parent.mkdir()
    script.write_text(f"#!{tmp_path}/venv/bin/python\n")
    assert str(carried) in bundles.in_packages({}, [str(script)], "/")
    assert str(carried) in bundles.in_packages({}, ["x"], str(tmp_path))
    assert str(carried) in bundles.in_packages({"VIRTUAL_ENV": f"{tmp_path}/venv"}, [], "/")


def test_a_java_store_holds_every_certificate(tmp_path: Path) -> None:
    other = Authority().pem
    path = tmp_path / "store.jks"
    path.write_bytes(java_trust.store(other + b"-----BEGIN CERTIFICATE-----\nbad\n" + CA.pem))
    assert java_trust.certificates_in(str(path)) == other + CA.pem


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
def test_stores_that_java_s_own_tool_made_are_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    tool = [
        "keytool",
        "-importcert",
        "-noprompt",
        "-alias",
        "a",
        "-file",
        "ca.pem",
        "-keystore",
        "s",
    ]
    subprocess.run(
        [*tool, "-storepass", "changeit", "-storetype", kind],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert java_trust.certificates_in(str(tmp_path / "s")).strip() == CA.pem.strip()


@pytest.mark.slow
def test_java_s_own_tool_reads_ours_with_and_without_the_password(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(java_trust.store(CA.pem))
    for password in (["-storepass", "changeit"], []):
        said = subprocess.run(
            ["keytool", "-list", "-keystore", "s", *password],
            cwd=tmp_path,
            input="\n",
            capture_output=True,
            text=True,
            check=True,
        )
        assert "1 entry" in said.stdout
        assert "tampered" not in said.stderr


def test_what_is_no_store_holds_nothing(tmp_path: Path) -> None:
    for content in (b"", b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1", b"garbage" * 10):
        (tmp_path / "store").write_bytes(content)
        assert java_trust.certificates_in(str(tmp_path / "store")) == b""


URL = "https://203.0.113.9/"
CLIENTS = {
    "curl": ["curl", "-sS", "-m", "20", URL],
    "python": ["python3", "-c", f"import urllib.request as u; u.urlopen('{URL}')"],
    "node": [
        "node",
        "-e",
        f"require('https').get('{URL}', r => process.exit(0)).on('error', e => process.exit(1))",
    ],
    "java": ["java", "Get.java"],
}
GET_JAVA = f"""
public class Get {{
    public static void main(String[] a) throws Exception {{
        new java.net.URL("{URL}").openStream().close();
    }}
}}
"""


def _serve(clients: str, folder: Path, *, clean: bool) -> int | None:
    """Exit code of a client that meets our certificate; `clean`: without our variables."""
    (folder / "Get.java").write_text(GET_JAVA)
    made = trust.arrange(CA.pem, folder / "trust", PATH)
    env = dict(PATH) if clean else made.env
    with run(*CLIENTS[clients], cwd=str(folder), env=env, binds=made.binds, stdout=2) as box:
        conn, _ = take(box)
        try:
            with CA.server(folder).wrap_socket(conn, server_side=True) as secure:
                secure.recv(4096)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return box.wait(WAIT_S)
        except ssl.SSLError:
            return -1


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_client_trusts_our_certificate(folder: Path, client: str) -> None:
    assert shutil.which(CLIENTS[client][0]), client
    assert _serve(client, folder, clean=False) == 0


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize("client", ["curl", "java"])
def test_a_client_without_our_variables_trusts_the_bundle_we_put_in_its_place(
    folder: Path, client: str
) -> None:
    assert _serve(client, folder, clean=True) == 0


@pytest.mark.sandbox
@pytest.mark.slow
def test_python_s_own_bundle_trusts_it_too(folder: Path) -> None:
    """certifi as a package carries it, read by path as elasticsearch's or stripe's clients do."""
    code = textwrap.dedent(f"""
        import certifi, ssl, urllib.request as u
        u.urlopen("{URL}", context=ssl.create_default_context(cafile=certifi.where()))
    """)
    site = folder / "venv/lib/python3.11/site-packages"
    (site / "certifi").mkdir(parents=True)
    (site / "certifi/cacert.pem").write_bytes(Authority().pem)
    (site / "certifi/__init__.py").write_text(
        "def where(): return __file__.replace('__init__.py', 'cacert.pem')"
    )
    made = trust.arrange(CA.pem, folder / "trust", PATH, cwd=str(folder))
    env = {**PATH, "PYTHONPATH": str(site)}
    with run("python3", "-c", code, env=env, binds=made.binds) as box:
        conn, _ = take(box)
        with CA.server(folder).wrap_socket(conn, server_side=True) as secure:
            secure.recv(4096)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            assert box.wait(WAIT_S) == 0


@pytest.mark.sandbox
@pytest.mark.slow
def test_go_trusts_it(folder: Path) -> None:
    """Debian's exporter asks a `rediss` server: Go reads SSL_CERT_FILE or the system bundle."""
    made = trust.arrange(CA.pem, folder / "trust", PATH)
    command = ["prometheus-redis-exporter", "-redis.addr=rediss://203.0.113.9:6399"]
    with run(*command, "-web.listen-address=127.0.0.1:9121", env=made.env, binds=made.binds) as box:
        opened(box)
        asks = box.dial_inside(2)
        asks.settimeout(WAIT_S)
        asks.connect(("127.0.0.1", 9121))
        asks.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        conn, _ = take(box)
        with CA.server(folder).wrap_socket(conn, server_side=True) as secure:
            assert secure.recv(100).startswith(b"*")
