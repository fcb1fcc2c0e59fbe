"""Uses the orders service as customers and an administrator do; standard library only.

    python traffic.py http://127.0.0.1:8000 [--clients 50] [--brief]

Exits with 1 when a status was not the expected one.
"""

import argparse
import http.client
import json
import sys
import threading
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4


class Client:
    """One connection, one user. Counts what it asked and what came back unexpected."""

    def __init__(self, base: str) -> None:
        where = urlsplit(base)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        self.token = ""
        self.asked = 0
        self.unexpected: list[str] = []
        self.headers: dict[str, str] = {}

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """The answer, decoded when it is JSON."""
        sent = {"Accept": "application/json", "User-Agent": "orders-traffic/1"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
        if data is not None:
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, data, {**sent, **(headers or {})})
        answer = self.connection.getresponse()
        content = answer.read()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.asked += 1
        if answer.status != expect:
            self.unexpected.append(
                f"{method} {path}: {answer.status}, not {expect}: {content[:200]!r}"
            )
        is_json = "json" in self.headers.get("content-type", "")
        return json.loads(content) if is_json and content else content.decode()

    def sign_in(self, email: str, password: str) -> None:
        self.token = self("POST", "/login", {"email": email, "password": password})["token"]


def scenario(base: str) -> Client:
    """About seventy requests: an administrator prepares products, a customer buys."""
    ask = Client(base)
    unique = uuid4().hex[:8]
    product, spare = f"TST-{unique}", f"SPR-{unique}"
    ask("GET", "/healthz")
    ask.sign_in("admin@orders.test", "correct horse")
    prepare(ask, product, spare)
    admin = ask.token
    register(ask, unique)
    browse(ask, product)
    first = place(ask, product)
    paid = pay(ask, first)
    listing(ask)
    ask.token, customer = admin, ask.token
    settle(ask, paid, product, spare)
    stranger(ask, unique, paid)
    ask.token = customer
    ask("GET", f"/orders/{paid}")
    ask("POST", "/logout", expect=204)
    ask("GET", "/me", expect=401)
    return ask


def visit(base: str) -> Client:
    """Ten requests: somebody comes, buys and leaves."""
    ask = Client(base)
    person = {"email": f"{uuid4().hex[:12]}@example.org", "password": "in a hurry"}
    ask("POST", "/register", {**person, "name": "Robin"}, expect=201)
    ask.sign_in(person["email"], person["password"])
    ask("GET", "/products?tag=tea")
    ask("GET", "/products/MUG-001")
    first = buy(ask, "DE", ("MUG-001", 1), ("GIFT-01", 3), key=str(uuid4()))["id"]
    second = buy(ask, "FR", ("TEA-002", 3), coupon="HALF")["id"]
    ask("POST", f"/orders/{first}/pay", {"card": "tok_visa"})
    ask("DELETE", f"/orders/{second}", expect=204)
    ask("GET", "/orders")
    ask("POST", "/logout", expect=204)
    return ask


def prepare(ask: Client, product: str, spare: str) -> None:
    new = {"sku": product, "name": "Sampler of the year", "price": "10.05", "stock": 12}
    ask(
        "POST",
        "/products",
        {**new, "tags": ["tea", "new"], "attributes": {"é": [1, 2.5, None]}},
        expect=201,
    )
    ask("POST", "/products", new, expect=409)
    ask("POST", "/products", {**new, "sku": spare, "price": 3}, expect=201)
    ask("POST", "/products", {**new, "price": "1.005"}, expect=422)
    ask("PATCH", f"/products/{product}", {"price": "12.45", "stock": 10})
    ask("PATCH", "/products/NO-SUCH", {"stock": 1}, expect=404)
    ask("DELETE", f"/products/{spare}", expect=204)
    ask("GET", f"/products/{spare}", expect=404)


def register(ask: Client, unique: str) -> None:
    email = f"Kim.{unique}@Example.org"
    person = {"email": email, "name": "Kim Müller", "password": "tea, please"}
    ask.token = ""
    ask("GET", "/me", expect=401)
    ask("POST", "/register", {**person, "password": "short"}, expect=422)
    ask("POST", "/register", b"{not json", expect=400)
    ask("POST", "/register", person, expect=201)
    ask("POST", "/register", person, expect=409)
    ask("POST", "/login", {"email": email, "password": "wrong one"}, expect=401)
    ask.sign_in(email, "tea, please")
    ask("GET", "/me")
    ask("POST", "/products", {"sku": "X", "name": "X", "price": 1}, expect=403)
    ask("GET", "/me", headers={"Authorization": "Bearer not.a.token"}, expect=401)


def browse(ask: Client, product: str) -> None:
    ask("GET", "/products?per_page=2&page=1")
    ask("GET", "/products?per_page=2&page=2&tag=tea")
    ask("GET", "/products?q=mug")
    ask("GET", "/products?q=mug")
    ask("GET", "/products?page=0", expect=422)
    ask("GET", f"/products/{product}")
    tag = ask.headers["etag"]
    ask("GET", f"/products/{product}", headers={"If-None-Match": tag}, expect=304)
    ask("GET", "/nowhere", expect=404)


def buy(
    ask: Client,
    country: str,
    *wanted: tuple[str, int],
    expect: int = 201,
    coupon: str | None = None,
    key: str | None = None,
) -> Any:
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in wanted]
    body = {"country": country, "lines": lines, **({"coupon": coupon} if coupon else {})}
    headers = {"Idempotency-Key": key} if key else {}
    return ask("POST", "/orders", body, headers=headers, expect=expect)


def place(ask: Client, product: str) -> str:
    """Orders in every way; the id of one that is pending."""
    key = str(uuid4())
    goods = [(product, 3), ("TEA-001", 2)]
    order = buy(ask, "DE", *goods, coupon="WELCOME10", key=key)
    buy(ask, "DE", *goods, coupon="WELCOME10", key=key, expect=200)
    buy(ask, "FR", ("POT-001", 1), ("GIFT-01", 2))
    last = buy(ask, "CH", (product, 4), (product, 3))["id"]
    key = str(uuid4())
    buy(ask, "DE", (product, 2), key=key, expect=409)
    buy(ask, "DE", ("NO-SUCH", 1), expect=422)
    buy(ask, "DE", ("TEA-002", 1), coupon="SUMMER19", expect=422)
    buy(ask, "XX", ("TEA-002", 1), expect=422)
    ask("GET", f"/orders/{last}")
    tag = ask.headers["etag"]
    note = {"note": "leave it with the neighbour"}
    ask("PATCH", f"/orders/{last}", note, headers={"If-Match": tag})
    ask("PATCH", f"/orders/{last}", note, headers={"If-Match": tag}, expect=412)
    ask("DELETE", f"/orders/{last}", expect=204)
    ask("DELETE", f"/orders/{last}", expect=409)
    ask("GET", f"/products/{product}")
    buy(ask, "DE", (product, 2), key=key)
    ask("GET", f"/orders/{uuid4()}", expect=404)
    return str(order["id"])


def pay(ask: Client, order: str) -> str:
    """Declined, then paid; a second order through a provider that fails once. The id paid first."""
    ask("POST", f"/orders/{order}/pay", {"card": "tok_declined"}, expect=402)
    fresh = buy(ask, "US", ("MUG-001", 2))["id"]
    ask("POST", f"/orders/{fresh}/pay", {"card": "tok_broken"}, expect=502)
    ask("POST", f"/orders/{fresh}/pay", {"card": "tok_flaky"})
    again = buy(ask, "DE", ("TEA-002", 1), ("GIFT-01", 1))["id"]
    ask("POST", f"/orders/{again}/pay", {"card": "tok_visa"})
    ask("POST", f"/orders/{again}/pay", {"card": "tok_visa"}, expect=409)
    ask("POST", f"/orders/{again}/refund", expect=403)
    return str(again)


def listing(ask: Client) -> None:
    ask("GET", "/orders?per_page=2")
    ask("GET", "/orders?per_page=3&page=2")
    ask("GET", "/orders?status=paid")
    ask("GET", "/orders?status=odd", expect=422)
    ask("GET", "/orders/export.csv")
    ask("GET", "/me")
    ask("GET", "/reports/revenue", expect=403)


def settle(ask: Client, paid: str, product: str, spare: str) -> None:
    ask("GET", "/reports/revenue")
    ask("POST", f"/orders/{paid}/refund", expect=200)
    ask("POST", f"/orders/{paid}/refund", expect=409)
    ask("DELETE", f"/products/{product}", expect=409)
    ask("DELETE", f"/products/{spare}", expect=404)


def stranger(ask: Client, unique: str, order: str) -> None:
    """Somebody else's order is not there."""
    person = {"email": f"pat.{unique}@example.org", "password": "nosy neighbour"}
    ask.token = ""
    ask("POST", "/register", {**person, "name": "Pat"}, expect=201)
    ask.sign_in(person["email"], person["password"])
    ask("GET", f"/orders/{order}", expect=404)
    ask("GET", "/orders")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--brief", action="store_true", help="ten requests a client")
    arguments = parser.parse_args()
    use = visit if arguments.brief else scenario
    done: list[Client | None] = [None] * arguments.clients

    def run(index: int) -> None:
        done[index] = use(arguments.base)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(arguments.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in done:
        for line in client.unexpected if client else ["a client broke off"]:
            print("UNEXPECTED", line)
    asked = sum(client.asked for client in done if client)
    failed = sum(1 for client in done if client is None or client.unexpected)
    print(
        f"{asked} requests by {arguments.clients} clients, {failed} clients saw something unexpected"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
