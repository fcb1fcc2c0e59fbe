"""A service gets behind the relay by other addresses in what it is told."""

from __future__ import annotations

import itertools
from pathlib import Path

from benches.inflight.plan import Back, Plan, plan


def planned(command: list[str], env: dict[str, str]) -> Plan:
    ports = itertools.count(9001)
    return plan(command, env, 8000, lambda: next(ports))


def test_addresses_of_dependencies_become_the_relays_and_are_called_there() -> None:
    made = planned(
        ["serve", "-c", "postgresql://app:app@127.0.0.1:5432/blog", "-p", "8000"],
        {"PAY": "https://localhost:8443", "DB": "postgresql://a@127.0.0.1:5432/x", "N": "18000"},
    )
    assert made.command == ["serve", "-c", "postgresql://app:app@127.0.0.1:9002/blog", "-p", "9001"]
    assert made.env["PAY"] == "http://127.0.0.1:9003"
    assert made.env["DB"] == "postgresql://a@127.0.0.1:9002/x"
    assert made.env["N"] == "18000"
    assert made.backs == [
        Back(9002, "127.0.0.1", 5432, "postgres", tls=False),
        Back(9003, "localhost", 8443, "http", tls=True),
    ]


def test_a_database_that_has_to_be_encrypted_is_so_behind_the_relay() -> None:
    made = planned(["serve"], {"DSN": "postgresql://a@127.0.0.1:5432/x?sslmode=require"})
    assert made.env["DSN"] == "postgresql://a@127.0.0.1:9002/x?sslmode=disable"
    assert made.backs == [Back(9002, "127.0.0.1", 5432, "postgres", tls=True)]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = planned(["serve", "redis://127.0.0.1:6379"], {})
    made.write(tmp_path / "plan.json")
    assert Plan.read(tmp_path / "plan.json") == made
