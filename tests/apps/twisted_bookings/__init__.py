"""Twisted: klein on its reactor."""

from __future__ import annotations

from tests.apps.application import Application, Mutation, Visitor


def visit(ask: Visitor, n: int) -> None:
    me = {"name": f"user{n}", "password": f"secret-{n}"}
    ask("POST", "/login", 401, json={**me, "password": "wrong"})
    ask("POST", "/bookings", 401, json={"room": n, "day": "2031-05-01"})
    ask("POST", "/login", json=me)
    ask("GET", "/rooms")
    where = ask("POST", "/bookings", 201, json={"room": n, "day": "2031-05-01"}).headers["Location"]
    ask("POST", "/bookings", 409, json={"room": n, "day": "2031-05-01"})
    ask("POST", "/bookings", 404, json={"room": 1000 + n, "day": "2031-05-01"})
    ask("GET", where)
    ask("GET", f"{where}/price?in=USD")
    ask("GET", f"{where}/price?in=XXX", 502)
    other = ask("POST", "/bookings", 201, json={"room": n, "day": "2031-05-02"}).headers["Location"]
    ask("PUT", where, json={"day": "2031-05-03"})
    ask("PUT", where, 409, json={"day": "2031-05-02"})
    ask("PUT", where, 400, json={"day": "someday"})
    ask("GET", where)
    ask("GET", "/report")
    ask("DELETE", where, 204)
    ask("GET", where, 404)
    ask("GET", other)
    ask("GET", "/nothing", 404)


APP = Application(
    name="twisted_bookings",
    command=lambda port: ["python", "app.py", str(port)],
    visit=visit,
    mutations=(
        Mutation(
            "no receipt is kept",
            '    yield pool.runOperation("UPDATE bookings SET receipt = %s WHERE id = %s", (receipt, made["id"]))\n',
            "",
        ),
        Mutation("nobody confirms", "    reactor.callLater(0, confirm, made)\n", ""),
        Mutation("no lock", " FOR UPDATE", ""),
        Mutation(
            "a booking of others is deleted",
            'DELETE FROM bookings WHERE id = %s AND person = %s", (id, name)',
            'DELETE FROM bookings WHERE id = %s", (id,)',
        ),
        Mutation(
            "the wrong parameter", 'params={"currency": currency}', 'params={"cur": currency}'
        ),
        Mutation("other rounding", "float(rate), 2)", "float(rate), 1)"),
        Mutation("a shorter session", "3600", "360"),
        Mutation("another status", "made, 201", "made, 200"),
        Mutation("no caching header", '        Cache_Control="max-age=60",\n', ""),
        Mutation("swapped columns", '("code", "room", "day"', '("room", "code", "day"'),
    ),
)
