"""devpi-server 6.17 on PostgreSQL: Python, Pyramid on waitress with fifty threads.

On the wire: pg8000 with unnamed extended statements, a connection for each transaction, bytea,
advisory locks.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from tests.servers.postgres import postgres
from tests.servers.process import free_port
from tests.services.client import Client
from tests.services.service import Deployment, Service, python_environment, run

HERE = Path(__file__).parent
PACKAGES = [
    "devpi-server==6.17.0",
    "devpi-postgresql==3.0.1",
    "devpi-web==4.3.0",
    "setuptools<81",
]
SIMPLE_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
HTML = {"Accept": "text/html"}


def install(folder: Path) -> None:
    python_environment(folder, HERE / "constraints.txt", PACKAGES)


@contextlib.contextmanager
def deploy(installed: Path, folder: Path) -> Iterator[Deployment]:
    with postgres() as server:
        database = server.create("devpi")
        login = f"user={database.user},password={database.password}"
        storage = f"pg8000:host=127.0.0.1,port={database.port},database=devpi,{login}"
        where = ["--serverdir", str(folder / "server"), "--storage", storage]
        programs = installed / "venv/bin"
        run([programs / "devpi-init", *where, "--no-root-pypi", "--root-passwd", "root"], folder)
        port = free_port()
        command = [str(programs / "devpi-server"), *where, "--offline-mode"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        yield Deployment(command, folder, port, "/+api", {})


def traffic(base: str) -> list[int]:
    ask = Client(base, {"Accept": "application/json"})
    unique = uuid4().hex[:6]
    user, package = f"dev{unique}", f"pkg{unique}"
    for path in ("/+api", "/+status", "/?no_projects="):
        ask.get(path)
    root = login(ask, "root", "root")
    ask("PUT", f"/{user}", {"password": "pw", "email": "a@b.c"}, expect=201)
    ask.post("/+login", {"user": user, "password": "nope"}, expect=401)
    mine = login(ask, user, "pw")
    index = {"type": "stage", "volatile": True}
    ask("PUT", f"/{user}/base", {**index, "bases": []}, headers=mine)
    ask("PUT", f"/{user}/dev", {**index, "bases": [f"{user}/base"]}, headers=mine)
    ask.get(f"/{user}")
    ask.get(f"/{user}/dev")
    ask("PATCH", f"/{user}/dev", ["title=Dev index"], headers=mine)
    for version in ("1.0", "1.1", "2.0"):
        upload(ask, f"/{user}/base/", package, version, mine)
    read(ask, user, package)
    push = {"name": package, "version": "1.0", "targetindex": f"{user}/dev"}
    ask("PUSH", f"/{user}/base", push, headers=mine)
    ask.get(f"/{user}/dev/{package}")
    ask.get(f"/{user}/dev", headers=HTML)
    ask("DELETE", f"/{user}/base/{package}/1.1", headers=mine)
    ask("DELETE", f"/{user}/base/{package}", headers=mine)
    ask.get(f"/{user}/base/{package}", expect=404)
    ask("PUT", f"/{user}", {"password": "x"}, expect=409)
    ask("DELETE", f"/{user}/dev", headers=mine, expect=(200, 201))
    ask("DELETE", f"/{user}", headers=root)
    ask.get(f"/{user}", expect=404)
    ask.get("/+status")
    return ask.statuses


def login(ask: Client, user: str, password: str) -> dict[str, str]:
    """The header of a session: it carries the token that the login returned."""
    answer = ask.post("/+login", {"user": user, "password": password})
    token = answer.json["result"]["password"]
    return {"X-Devpi-Auth": base64.b64encode(f"{user}:{token}".encode()).decode()}


def upload(ask: Client, index: str, name: str, version: str, mine: dict[str, str]) -> None:
    content = wheel(name, version)
    about: dict[str, str | tuple[str, bytes]] = {"name": name, "version": version}
    ask.post(
        index,
        parts={":action": "submit", **about, "metadata_version": "2.1", "summary": "demo"},
        headers=mine,
    )
    file = {
        ":action": "file_upload",
        **about,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        "content": (f"{name}-{version}-py3-none-any.whl", content),
    }
    ask.post(index, parts=file, headers=mine)


def read(ask: Client, user: str, package: str) -> None:
    ask.get(f"/{user}/base/{package}")
    ask.get(f"/{user}/base/{package}/1.1")
    page = f"/{user}/dev/+simple/{package}/"
    files = ask.get(page, headers=SIMPLE_JSON).json["files"]
    path = urlsplit(urljoin(f"http://host{page}", files[0]["url"])).path
    ask.get(path)
    ask("HEAD", path)
    ask.get(f"/{user}/dev/+simple/", headers=HTML)
    ask.get(page, headers=HTML)
    ask.get(f"/{user}/dev/+simple/nothere/", headers=HTML, expect=404)


def wheel(name: str, version: str) -> bytes:
    """The same bytes each time: the dates inside are fixed."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "x = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


CHANCE = ("response/body/result/metrics/",)
"""How many documents wait to be indexed."""

SERVICE = Service("devpi", ("postgres",), install, deploy, traffic, CHANCE)
