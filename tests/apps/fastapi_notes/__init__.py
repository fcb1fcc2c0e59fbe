"""FastAPI under uvicorn."""

from __future__ import annotations

from tests.apps.application import Application, Mutation, Visitor


def visit(ask: Visitor, n: int) -> None:
    me = {"email": f"user{n}@example.org", "password": f"secret-{n}"}
    form = {"username": me["email"], "password": me["password"]}
    ask("POST", "/signup", 201, json=me)
    ask("POST", "/signup", 409, json=me)
    ask("POST", "/signup", 422, json={"email": "nobody", "password": "x"})
    ask("POST", "/token", 400, data={**form, "password": "wrong"})
    ask("GET", "/me", 401)
    ask.session.headers["Authorization"] = (
        f"Bearer {ask('POST', '/token', data=form).json()['access_token']}"
    )
    ask("GET", "/me")
    ask("GET", "/old-notes", 308)
    made = {
        "title": f"Note {n}",
        "body": "words of a note",
        "tags": ["a", f"b{n}"],
        "meta": {"n": n, "ok": True},
    }
    where = ask("POST", "/notes", 201, json=made).headers["Location"]
    ask("POST", "/notes", 422, json={"title": ""})
    ask("GET", where)
    etag = ask("GET", where).headers["ETag"]
    ask("GET", where, 304, headers={"If-None-Match": etag})
    ask("PATCH", where, json={"body": "other words " * 40, "tags": ["c"]})
    ask("GET", where)
    ask("GET", "/notes?tag=c")
    ask("POST", "/import", 202, json=[{"title": f"Import {i}"} for i in range(3)])
    ask("GET", "/notes?limit=2&offset=1")
    ask("GET", "/rates")
    ask("GET", "/rates?of=USD,XXX", 502)
    file = ("notes.bin", bytes(range(256)) * 8)
    number = ask("POST", f"{where}/attachments", 201, files={"file": file}).json()["id"]
    ask("GET", f"{where}/attachments/{number}")
    ask("GET", f"{where}/attachments/999999", 404)
    ask("GET", f"{where}/events")
    ask("DELETE", where, 204)
    ask("GET", where, 404)
    ask("GET", "/notes")
    ask("GET", "/notes/not-an-id", 422)


APP = Application(
    name="fastapi_notes",
    command=lambda port: ["uvicorn", "--host", "127.0.0.1", "--port", str(port), "app:app"],
    visit=visit,
    mutations=(
        Mutation("the version does not go up", "    note.version += 1\n", ""),
        Mutation(
            "the cache is not invalidated",
            '    await db.commit()\n    await request.app.state.cache.delete(f"note:{id}")\n',
            "    await db.commit()\n",
        ),
        Mutation(
            "the attachments are not deleted",
            "    await db.execute(delete(Attachment).where(Attachment.note_id == id))\n",
            "",
        ),
        Mutation(
            "nobody is told of a new note",
            "    later.add_task(announce, request.app, note.id, user.email)\n",
            "",
        ),
        Mutation("no publication", "    await request.app.state.cache.publish(", "    _ = ("),
        Mutation(
            "a lost commit",
            "        db.add_all(notes)\n    await db.commit()\n",
            "        db.add_all(notes)\n",
        ),
        Mutation(
            "another currency parameter", 'params={"currency": c}', 'params={"currency": c.lower()}'
        ),
        Mutation(
            "another status",
            'JSONResponse({"imported": len(notes)}, 202)',
            'JSONResponse({"imported": len(notes)}, 200)',
        ),
        Mutation("another order", "mine.order_by(Note.title)", "mine.order_by(Note.updated_at)"),
        Mutation("an event less", "note.body.split()[:5]", "note.body.split()[:4]"),
        Mutation(
            "the announcement does not expire",
            '        pipe.expire(f"announced:{note}", 3600)\n',
            "",
        ),
        Mutation("the etag has no version", """json.loads(known)["version"]""", "1"),
        Mutation("the token lives longer", "timedelta(hours=1)", "timedelta(hours=2)"),
    ),
)
