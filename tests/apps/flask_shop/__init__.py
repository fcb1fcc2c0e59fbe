"""Flask under gunicorn with two workers of four threads each."""

from __future__ import annotations

from tests.apps.application import Application, Mutation, Visitor


def visit(ask: Visitor, n: int) -> None:
    name, secret = f"user{n}", {"name": f"user{n}", "password": f"secret-{n}"}
    ask("POST", "/users", 201, json=secret)
    ask("POST", "/users", 409, json=secret)
    ask("POST", "/login", 401, data={**secret, "password": "wrong"})
    ask("GET", "/me", 401)
    ask("POST", "/login", 303, data=secret)
    token = ask("GET", "/me").json()["csrf"]
    sku = f"SKU-{n}"
    made = {"sku": sku, "title": f"Thing {n}", "price": "12.50", "stock": 5}
    ask("POST", "/products", 403, json=made)
    ask.session.headers["X-CSRF-Token"] = token
    ask("POST", "/products", 400, json={"sku": sku})
    where = ask("POST", "/products", 201, json=made).headers["Location"]
    ask("POST", "/products", 409, json=made)
    ask("GET", "/products")
    ask("GET", "/products?page=2")
    ask("GET", where)
    ask("GET", where)
    ask("PATCH", where, json={"price": "13.75"})
    ask("GET", where)
    ask("GET", f"{where}/price?currency=USD")
    ask("GET", f"{where}/price?currency=XXX", 502)
    ask("GET", f"{where}/picture", 404)
    ask("PUT", f"{where}/picture", files={"picture": ("p.png", bytes(range(256)) * 4)})
    ask("GET", f"{where}/picture")
    id = int(where.rsplit("/")[-1])
    order = {"lines": [{"product": id, "quantity": 2}, {"product": 1, "quantity": 1}]}
    at = ask("POST", "/orders", 201, json=order).headers["Location"]
    ask("GET", where)
    ask("POST", "/orders", 409, json={"lines": [{"product": id, "quantity": 50}]})
    ask("GET", at)
    ask("GET", "/orders")
    ask("GET", "/export")
    ask("DELETE", at, 204)
    ask("GET", at, 404)
    ask("GET", "/orders")
    ask("POST", "/logout", 204)
    ask("GET", "/orders", 401)
    assert name


APP = Application(
    name="flask_shop",
    command=lambda port: [
        "gunicorn",
        "--workers",
        "2",
        "--threads",
        "4",
        "--bind",
        f"127.0.0.1:{port}",
        "app:app",
    ],
    visit=visit,
    mutations=(
        Mutation(
            "the order's lines do not lower the stock",
            '        product.stock -= line["quantity"]\n',
            "",
        ),
        Mutation(
            "the cache is not invalidated on change",
            '    g.db.commit()\n    cache.delete(f"product:{id}")\n',
            "    g.db.commit()\n",
        ),
        Mutation(
            "the wrong upstream parameter",
            'params={"currency": currency}',
            'params={"cur": currency}',
        ),
        Mutation(
            "a lost commit on change",
            '    g.db.commit()\n    cache.delete(f"product:{id}")\n',
            '    cache.delete(f"product:{id}")\n',
        ),
        Mutation(
            "another status",
            "    return jsonify(id=user.id, name=user.name), 201",
            "    return jsonify(id=user.id, name=user.name), 200",
        ),
        Mutation(
            "a header gone", '    response.headers["X-Content-Type-Options"] = "nosniff"\n', ""
        ),
        Mutation(
            "nobody is notified",
            "    threading.Thread(target=notify, args=(order.number, g.user.name)).start()\n",
            "",
        ),
        Mutation(
            "the wrong column",
            ".where(Order.user_id == g.user.id)",
            ".where(Order.id == g.user.id)",
        ),
        Mutation("other rounding", 'Decimal("0.01")', 'Decimal("0.1")'),
        Mutation("a longer cache life", "ex=300", "ex=600"),
        Mutation("the request id repeats", "secrets.token_hex(8)", "secrets.token_hex(4)"),
        Mutation("no CSRF check", ' != session["csrf"]', " == 1"),
    ),
)
