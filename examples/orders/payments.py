"""A stand-in for the payment provider: HTTPS, with a certificate of a private authority.

    python payments.py --port 8443 --folder /some/dir

writes `ca.pem` (for REQUESTS_CA_BUNDLE) into the folder before it listens.
Cards: `tok_visa` pays, `tok_declined` is declined, `tok_flaky` fails once per idempotency key,
`tok_broken` always fails.
"""

import argparse
import hashlib
import hmac
import ipaddress
import json
import secrets
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY = "pk_test_orders"


class Provider:
    """Charges by id, and answers by idempotency key."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.charges: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.failed: set[str] = set()

    def post(self, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            if key in self.answers:
                return self.answers[key]
            answer = self._post(path.strip("/").split("/"), body, key)
            if answer[0] < 500:
                self.answers[key] = answer
            return answer

    def _post(self, parts: list[str], body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        match parts:
            case ["v1", "charges"]:
                return self._charge(body, key)
            case ["v1", "charges", charge_id, "refunds"] if charge_id in self.charges:
                amount = body["amount"]
                refund = {"id": f"re_{secrets.token_hex(8)}", "charge": charge_id, "amount": amount}
                return 201, {**refund, "status": "succeeded", "created": _seconds()}
        return 404, {"error": {"code": "not_found"}}

    def _charge(self, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        card = body.get("card")
        if card == "tok_broken" or (card == "tok_flaky" and key not in self.failed):
            self.failed.add(key)
            return 503, {"error": {"code": "unavailable"}}
        if card == "tok_declined":
            return 402, {"error": {"code": "card_declined", "message": "insufficient funds"}}
        charge = {
            "id": f"ch_{secrets.token_hex(12)}",
            "amount": body["amount"],
            "currency": body["currency"],
            "reference": body["reference"],
            "status": "succeeded",
            "created": _seconds(),
            "fee": round(body["amount"] * 0.014 + 25, 1),
        }
        self.charges[charge["id"]] = charge
        return 201, charge


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self._signed(data):
            return self._answer(401, {"error": {"code": "bad_signature"}})
        key = self.headers.get("Idempotency-Key", "")
        self._answer(*self.provider.post(self.path, json.loads(data), key))

    def do_GET(self) -> None:
        self._answer(200, {"status": "ok"})

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _signed(self, data: bytes) -> bool:
        at = self.headers.get("X-Signature-Time", "")
        wanted = hmac.new(KEY.encode(), at.encode() + b"." + data, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, self.headers.get("X-Signature", ""))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Request-Id", f"req_{secrets.token_hex(6)}")
        self.end_headers()
        self.wfile.write(data)


def _seconds() -> int:
    return int(datetime.now(UTC).timestamp())


def make_certificates(folder: Path) -> ssl.SSLContext:
    """A private authority in `ca.pem`, and a context with a certificate of its for localhost."""
    ca_key, ca = _issue("Orders Test CA", None, None)
    key, leaf = _issue("localhost", ca, ca_key)
    pem = serialization.Encoding.PEM
    clear = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "server.pem").write_bytes(
        key.private_bytes(pem, form, clear) + leaf.public_bytes(pem)
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def _issue(
    name: str, ca: x509.Certificate | None, ca_key: ec.EllipticCurvePrivateKey | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = ca_key or key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    usage = x509.KeyUsage(True, False, False, False, False, ca is None, ca is None, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=300))
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if ca is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, builder.sign(signer, hashes.SHA256())


class Server(ThreadingHTTPServer):
    """TLS handshakes happen in the connection's own thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            with self.context.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)
        except (ssl.SSLError, ConnectionError):
            pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--folder", type=Path, default=Path("."))
    arguments = parser.parse_args()
    Handler.provider = Provider()
    Server(arguments.port, make_certificates(arguments.folder)).serve_forever()


if __name__ == "__main__":
    main()
