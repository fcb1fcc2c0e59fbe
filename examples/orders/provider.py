"""The payment provider's API, from our side."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import requests
import settings
from money import minor_units

TIMEOUT_SECONDS = 10
ATTEMPTS = 2

_local = threading.local()


class Declined(Exception):
    """The provider said no; the argument is its code."""


class Unavailable(Exception):
    """No usable answer, after retrying."""


def charge(amount: Decimal, card: str, reference: str, key: str) -> dict[str, Any]:
    return _post(
        "/v1/charges",
        {"amount": minor_units(amount), "currency": "EUR", "card": card, "reference": reference},
        key,
    )


def refund(charge_id: str, amount: Decimal, key: str) -> dict[str, Any]:
    return _post(f"/v1/charges/{charge_id}/refunds", {"amount": minor_units(amount)}, key)


def _post(path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """`key` makes repeats harmless: the provider charges once per key."""
    for _ in range(ATTEMPTS):
        try:
            answer = _send(path, json.dumps(body).encode(), key)
        except requests.RequestException as error:
            reason = type(error).__name__
            continue
        if answer.status_code == 402:
            raise Declined(answer.json()["error"]["code"])
        if answer.ok:
            return dict(answer.json())
        reason = f"HTTP {answer.status_code}"
    raise Unavailable(reason)


def _send(path: str, data: bytes, key: str) -> requests.Response:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    signed = hmac.new(settings.PAYMENTS_KEY.encode(), at.encode() + b"." + data, hashlib.sha256)
    headers = {
        "Authorization": f"Bearer {settings.PAYMENTS_KEY}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "X-Signature-Time": at,
        "X-Signature": signed.hexdigest(),
    }
    url = settings.PAYMENTS_URL + path
    return _session().post(url, data=data, headers=headers, timeout=TIMEOUT_SECONDS)


def _session() -> requests.Session:
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
    return _local.session
