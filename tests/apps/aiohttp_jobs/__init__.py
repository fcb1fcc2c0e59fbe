"""aiohttp with a worker process that the same command starts; jobs go through a Redis list."""

from __future__ import annotations

from tests.apps.application import Application, Mutation, Visitor


def visit(ask: Visitor, n: int) -> None:
    ask("POST", "/jobs", 400, json={})
    for word in ("one", "two", "three"):
        where = ask("POST", "/jobs", 202, json={"text": f"{word} of user {n}"}).headers["Location"]
        ask("GET", f"{where}/wait")
        ask("GET", where)
    ask("GET", "/jobs")
    ask("GET", "/stream")
    ask("GET", "/rates?of=GBP")
    ask("GET", "/rates?of=XXX", 502)
    where = ask("POST", "/jobs", 202, json={"text": f"last of user {n}"}).headers["Location"]
    ask("GET", f"{where}/wait")
    ask("DELETE", where, 204)
    ask("DELETE", where, 404)
    ask("GET", where, 404)
    ask("GET", "/jobs")


APP = Application(
    name="aiohttp_jobs",
    command=lambda port: ["python", "app.py", str(port)],
    visit=visit,
    mutations=(
        Mutation(
            "no audit",
            """        await db.execute("INSERT INTO audit (what, key) VALUES ('queued', $1)", key)\n""",
            "",
        ),
        Mutation(
            "the worker does not notify",
            """            async with http.post(f"{UPSTREAM}/notify", json={"text": text}) as answer:\n                receipt = (await answer.json())["id"]\n""",
            """            receipt = "none"\n""",
        ),
        Mutation("the worker counts wrong", '"length": len(text)', '"length": len(text) + 1'),
        Mutation(
            "the result stays for ever", '            await store.expire(f"done:{key}", 60)\n', ""
        ),
        Mutation("another state", "state = 'working'", "state = 'busy'"),
        Mutation("another counter", '"stats", "removed", 1', '"stats", "removed", 2'),
        Mutation(
            "another order",
            "SELECT text, state FROM jobs ORDER BY text",
            "SELECT text, state FROM jobs ORDER BY key",
        ),
        Mutation("the wrong parameter", 'params={"currency"', 'params={"cur"'),
        Mutation("another status", "status=202", "status=201"),
    ),
)
