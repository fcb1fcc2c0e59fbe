"""The orders service: `gunicorn app:app`."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import accounts
import background
import cache
import catalog
import db
import events
import ordering
import problems
from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider


class Json(DefaultJSONProvider):
    sort_keys = False

    @staticmethod
    def default(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        return DefaultJSONProvider.default(value)


def create_app() -> Flask:
    app = Flask("orders")
    app.json = Json(app)
    for part in (accounts, catalog, ordering):
        app.register_blueprint(part.bp)
    problems.install(app)
    app.after_request(_label)
    app.after_request(events.hand_over)
    app.add_url_rule("/healthz", view_func=healthz)
    db.pool.open()
    events.start()
    background.start()
    return app


def healthz() -> Any:
    with db.transaction() as conn:
        conn.execute("SELECT 1")
    cache.client.ping()
    return {"status": "ok"}


def _label(response: Response) -> Response:
    response.headers["X-Request-Id"] = request.headers.get("X-Request-Id") or str(uuid4())
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


app = create_app()
