"""A service that keeps its state in files: notes in SQLite, uploads in a folder, a log.

No dependency but its disk. Started with a port, in the folder that holds its state.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DATABASE = Path("data/notes.db")


def database() -> sqlite3.Connection:
    out = sqlite3.connect(DATABASE)
    out.execute("PRAGMA journal_mode = " + os.environ.get("JOURNAL", "delete"))
    out.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
    return out


class Notebook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/notes":
            with database() as db:
                self._say(db.execute("SELECT id, text FROM notes ORDER BY id").fetchall())
        elif self.path == "/uploads":
            self._say(sorted(path.name for path in Path("uploads").iterdir()))
        else:
            self._say("here")

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with Path("notebook.log").open("a") as log:
            log.write(f"{text}\n")
        if self.path == "/notes":
            with database() as db:
                number = db.execute("INSERT INTO notes (text) VALUES (?)", (text,)).lastrowid
            self._say(number)
        elif self.path == "/archive":
            os.rename("uploads", f"archive/{text}")
            os.mkdir("uploads")
            self._say(sorted(os.listdir("archive")))
        else:
            Path("uploads/.part").write_text(text)
            os.replace("uploads/.part", f"uploads/{text}")
            self._say(len(os.listdir("uploads")))

    def do_DELETE(self) -> None:
        os.unlink(self.path.lstrip("/"))
        self._say(os.listdir("uploads"))

    def _say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Notebook).serve_forever()
