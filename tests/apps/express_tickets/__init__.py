"""Express on Node."""

from __future__ import annotations

from tests.apps.application import Application, Mutation, Visitor


def visit(ask: Visitor, n: int) -> None:
    me = {"name": f"user{n}", "password": f"secret-{n}"}
    ask("POST", "/users", 201, json=me)
    ask("POST", "/users", 409, json=me)
    ask("POST", "/login", 401, data={**me, "password": "wrong"})
    ask("GET", "/me", 401)
    ask("POST", "/login", 303, data=me)
    ask("POST", "/tickets", 403, json={"subject": "x"})
    ask.session.headers["X-CSRF-Token"] = ask("GET", "/me").json()["csrf"]
    ask("POST", "/tickets", 400, json={})
    made = {"subject": f"It is broken {n}", "body": "all of it", "priority": 1}
    where = ask("POST", "/tickets", 201, json=made).headers["Location"]
    ask("GET", where)
    ask("GET", where)
    ask("PUT", where, json={"state": "closed"})
    ask("GET", where)
    ask("GET", f"{where}/history")
    ask("POST", "/tickets", 201, json={"subject": "another"})
    ask("GET", "/tickets")
    ask("GET", "/tickets?limit=1")
    ask("GET", f"{where}/file", 404)
    ask("PUT", f"{where}/file", files={"file": ("f.bin", bytes(range(256)) * 4)})
    ask("GET", f"{where}/file")
    ask("GET", "/price?in=USD,GBP")
    ask("GET", "/price?in=XXX", 502)
    ask("GET", "/stream")
    ask("DELETE", where, 204)
    ask("GET", f"{where}/history", 404)
    ask("GET", "/tickets/99999999999999999999", 500)
    ask("GET", "/tickets")
    ask("POST", "/logout", 204)
    ask("GET", "/tickets", 401)


APP = Application(
    name="express_tickets",
    command=lambda port: ["node", "app.js", str(port)],
    visit=visit,
    mutations=(
        Mutation(
            "no history of a change",
            "    await db.query('INSERT INTO history (ticket_id, what) VALUES ($1, $2)', [changed.id, { event: 'changed', ...req.body }]);\n",
            "",
            "app.js",
        ),
        Mutation(
            "the cache is not invalidated",
            "  await redis.del(`ticket:${req.session.user}:${req.params.id}`);\n",
            "",
            "app.js",
        ),
        Mutation("a lost commit", "    await client.query('COMMIT');\n", "", "app.js"),
        Mutation(
            "the wrong currency parameter",
            "/rates?currency=${currency}",
            "/rates?cur=${currency}",
            "app.js",
        ),
        Mutation("other rounding", ".toFixed(2)", ".toFixed(3)", "app.js"),
        Mutation(
            "nobody is notified",
            "  setImmediate(() => notify(ticket).catch((error) => console.error(error)));\n",
            "",
            "app.js",
        ),
        Mutation("a shorter cache life", "redis.setex(key, 60,", "redis.setex(key, 6,", "app.js"),
        Mutation(
            "the owner is not checked",
            "WHERE id = $1 AND owner_id = $2', values: [req.params.id, req.session.user]",
            "WHERE id = $1', values: [req.params.id]",
            "app.js",
        ),
        Mutation(
            "no count",
            "res.set('X-Total-Count', String(count)).json(rows)",
            "res.json(rows)",
            "app.js",
        ),
        Mutation("the counter is not lowered", ".decr(`open:${req.session.user}`)", "", "app.js"),
        Mutation("another priority", "req.body.priority ?? 3", "req.body.priority ?? 2", "app.js"),
    ),
)
