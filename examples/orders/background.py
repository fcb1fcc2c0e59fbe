"""What runs when nobody asks: a heartbeat, and orders that nobody paid for expire."""

import os
import socket
import threading

import cache
import db

BEAT_SECONDS = 2.0
BEATS_PER_SWEEP = 3

_stop = threading.Event()


def start() -> None:
    threading.Thread(target=_beat_forever, name="heartbeat", daemon=True).start()


def _beat_forever() -> None:
    beats = 0
    while not _stop.wait(BEAT_SECONDS):
        beats += 1
        try:
            cache.client.set(f"worker:{socket.gethostname()}:{os.getpid()}", beats, ex=10)
            if beats % BEATS_PER_SWEEP == 0:
                _sweep()
        except Exception as error:
            print("background:", error, flush=True)


def _sweep() -> None:
    with db.transaction() as conn:
        conn.execute(
            "UPDATE orders SET status = 'expired', version = version + 1"
            " WHERE status = 'pending' AND expires_at < now()"
        )
        row = conn.execute("SELECT count(*) AS n FROM orders WHERE status = 'pending'").fetchone()
    cache.client.set("gauge:orders:pending", row["n"] if row else 0)
