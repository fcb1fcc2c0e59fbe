"""What happened, told after the response has gone: an audit row and a message for subscribers."""

import json
import queue
import threading
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import cache
import db
from flask import Response, g
from psycopg.types.json import Jsonb

_queue: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()


def tell(kind: str, subject: object, user_id: object = None, **details: Any) -> None:
    """Remember an event of this request; it is written when the response has been sent."""
    event = {
        "id": str(uuid4()),
        "kind": kind,
        "user_id": str(user_id) if user_id else None,
        "subject": str(subject),
        "details": details,
        "at": datetime.now(UTC),
    }
    g.setdefault("events", []).append(event)


def hand_over(response: Response) -> Response:
    told = g.pop("events", [])
    if told:
        response.call_on_close(lambda: [_queue.put(event) for event in told])
    return response


def start() -> None:
    threading.Thread(target=_write_forever, name="events", daemon=True).start()


def _write_forever() -> None:
    while True:
        event = _queue.get()
        try:
            _write(event)
        except Exception as error:
            print("event lost:", event["kind"], error, flush=True)


def _write(event: dict[str, Any]) -> None:
    with db.transaction() as conn:
        conn.execute(
            "INSERT INTO audit_log (id, kind, user_id, subject, details, created_at)"
            " VALUES (%(id)s, %(kind)s, %(user_id)s, %(subject)s, %(details)s, %(at)s)",
            {**event, "details": Jsonb(event["details"])},
        )
    message = {"id": event["id"], "kind": event["kind"], "subject": event["subject"]}
    cache.client.publish("orders.events", json.dumps(message))
