"""Django under gunicorn: sessions and users in the database, CSRF, the admin's pages."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.apps.application import HERE, Application, Mutation, Visitor
from tests.apps.installed import programs


def visit(ask: Visitor, n: int) -> None:
    me = {"name": f"user{n}", "password": f"secret-{n}"}
    ask("POST", "/signup", 403, data=me)

    def token() -> str:
        ask.session.headers["X-CSRFToken"] = ask.session.cookies["csrftoken"]
        return ask.session.cookies["csrftoken"]

    ask("GET", "/signup")
    token()
    ask("POST", "/signup", 201, data=me)
    ask("POST", "/signup", 409, data=me)
    ask("POST", "/login", 401, data={**me, "password": "wrong"})
    ask("POST", "/posts", 302, json={"title": "x"})
    ask("POST", "/login", 302, data=me)
    token()
    ask("POST", "/posts", 400, json={"text": "no title"})
    made = {
        "title": f"Hello number {n}",
        "text": "All of the text. " * 20,
        "tags": ["news", f"tag{n}"],
    }
    where = ask("POST", "/posts", 201, json=made).headers["Location"]
    ask("GET", where)
    ask("GET", where)
    ask("GET", "/feed")
    ask("GET", "/feed")
    ask("PATCH", where, json={"title": "Another title"})
    ask("GET", "/feed")
    ask("POST", f"{where}/comments", 201, data={"text": "well said"})
    ask("GET", "/posts")
    ask("GET", f"/posts?tag=tag{n}")
    ask("GET", f"{where}/translate?to=GBP")
    ask("GET", f"{where}/translate?to=XXX", 502)
    ask("GET", "/posts/no-such-post", 404)
    ask("PUT", where, 405)
    ask("DELETE", where, 204)
    ask("GET", where, 404)
    ask("POST", "/logout", 204)
    if n == 1:
        admin(ask)


def admin(ask: Visitor) -> None:
    def form(page: str) -> str:
        return re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]

    ask("GET", "/admin/", 302)
    page = ask("GET", "/admin/login/?next=/admin/").text
    said = {
        "csrfmiddlewaretoken": form(page),
        "username": "root",
        "password": "root",
        "next": "/admin/",
    }
    ask("POST", "/admin/login/?next=/admin/", 302, data=said)
    ask("GET", "/admin/")
    page = ask("GET", "/admin/blog/tag/add/").text
    ask(
        "POST",
        "/admin/blog/tag/add/",
        302,
        data={"csrfmiddlewaretoken": form(page), "name": "by-hand"},
    )
    ask("GET", "/admin/blog/tag/")


def prepare(folder: Path, env: Mapping[str, str]) -> None:
    source, programs_env = (
        HERE / "django_blog",
        {**os.environ, **env, "DJANGO_SUPERUSER_PASSWORD": "root", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    for words in (
        ["migrate"],
        ["createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org"],
    ):
        subprocess.run(
            [programs() / "python", "manage.py", *words],
            cwd=source,
            env=programs_env,
            check=True,
            stdout=subprocess.DEVNULL,
        )


APP = Application(
    name="django_blog",
    command=lambda port: [
        "gunicorn",
        "--workers",
        "2",
        "--threads",
        "3",
        "--bind",
        f"127.0.0.1:{port}",
        "project.wsgi",
    ],
    visit=visit,
    prepare=prepare,
    mutations=(
        Mutation(
            "the feed is not invalidated",
            '    cache.delete("feed")\n    if request',
            "    if request",
            "blog/views.py",
        ),
        Mutation("views count twice", 'F("views") + 1', 'F("views") + 2', "blog/views.py"),
        Mutation(
            "a tag is forgotten",
            'sent.get("tags", [])',
            'sent.get("tags", [])[1:]',
            "blog/views.py",
        ),
        Mutation(
            "the wrong column is saved",
            '["title", "text", "changed"]',
            '["text", "changed"]',
            "blog/views.py",
        ),
        Mutation(
            "nobody is told",
            "        transaction.on_commit(lambda: threading.Thread(target=announce, args=(post.slug,)).start())\n",
            "",
            "blog/views.py",
        ),
        Mutation(
            "no transaction",
            "    with transaction.atomic():\n        post =",
            "    if True:\n        post =",
            "blog/views.py",
        ),
        Mutation(
            "others may change a post",
            "    if found.author != request.user:",
            "    if False:",
            "blog/views.py",
        ),
        Mutation(
            "the wrong upstream parameter",
            '{"currency": request',
            '{"cur": request',
            "blog/views.py",
        ),
        Mutation(
            "another status",
            "comment.created}, status=201",
            "comment.created}, status=200",
            "blog/views.py",
        ),
        Mutation("another cache life", 'answer["id"], 3600', 'answer["id"], 360', "blog/views.py"),
        Mutation(
            "no security header",
            '    "django.middleware.security.SecurityMiddleware",\n',
            "",
            "project/settings.py",
        ),
        Mutation("another order", '.order_by("-created")', '.order_by("created")', "blog/views.py"),
    ),
)
