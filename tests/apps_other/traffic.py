"""What one user of a shop does: 27 requests, each with the status it has to get."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import requests

PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


class Visitor:
    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.asked = 0

    def __call__(
        self, method: str, path: str, expect: int = 200, **options: object
    ) -> requests.Response:
        answer = self.session.request(
            method,
            self.base + path,
            timeout=60,
            allow_redirects=False,
            **options,  # type: ignore[arg-type]
        )
        self.asked += 1
        said = f"{method} {path}: {answer.status_code}, {answer.text[:300]!r}"
        assert answer.status_code == expect, said
        return answer


def visit(ask: Visitor, n: int) -> None:
    ask("POST", "/login", 401, json={"name": f"user{n}", "password": "wrong"})
    ask("GET", "/items", 401)
    login = ask("POST", "/login", json={"name": f"user{n}", "password": f"secret{n}"}).json()
    ask.session.headers["Authorization"] = f"Bearer {login['token']}"
    ask("GET", "/items?limit=5")
    wanted = {"name": f"Lamp {n}", "price": "12.50", "stock": 3, "tags": ["light", f"no {n}"]}
    made = ask("POST", "/items", 201, json=wanted)
    item = f"/items/{made.json()['id']}"
    assert made.headers["Location"].endswith(item)
    ask("POST", "/items", 422, json={"name": "", "price": "-1"})
    ask("POST", "/items", 400, data="{not json", headers={"Content-Type": "application/json"})
    assert ask("GET", item).json()["tags"] == ["light", f"no {n}"]
    ask("GET", item)
    ask("PATCH", item, json={"price": "15.00"})
    assert float(ask("GET", item).json()["price"]) == 15
    assert float(ask("GET", f"{item}?currency=USD").json()["price"]) == 16.2
    ask("GET", f"{item}?currency=XXX", 502)
    photo = {"photo": ("lamp.png", PHOTO, "image/png")}
    sent = ask("POST", f"{item}/photo", 201, files=photo).json()
    assert sent["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert ask("GET", f"{item}/photo").content == PHOTO
    order = ask("POST", "/orders", 201, json={"item": made.json()["id"], "quantity": 2}).json()
    assert float(order["total"]) == 30
    ask("POST", "/orders", 409, json={"item": made.json()["id"], "quantity": 2})
    ask("GET", f"/orders/{order['id']}")
    assert len(ask("GET", "/orders?status=paid").json()["orders"]) == 1
    ask("GET", "/report", headers={"Accept-Encoding": "gzip"})
    ask("DELETE", item, 409)
    ask("DELETE", f"/orders/{order['id']}", 204)
    ask("DELETE", item, 204)
    ask("GET", item, 404)
    ask("GET", "/boom", 500)
    ask("POST", "/logout", 204)
    ask("GET", "/items", 401)


def visit_all(base: str, users: int, at_once: int) -> int:
    """Requests made by `users` users, `at_once` at a time."""

    def one(n: int) -> int:
        visitor = Visitor(base)
        visit(visitor, n)
        return visitor.asked

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(one, range(1, users + 1)))
