"""How the transaction status moves: I (idle), T (in a transaction), E (in a failed one)."""

from __future__ import annotations

import re

_CHAIN = re.compile(r"\bAND\s+CHAIN\b", re.IGNORECASE)
_END = re.compile(r"\s*(ROLLBACK|ABORT|COMMIT|END)(?:\s+(?:WORK|TRANSACTION))?\s*;?\s*", re.I)
_TO = re.compile(r"^\s*ROLLBACK\b(?:\s+(?:WORK|TRANSACTION))?\s+TO\b", re.IGNORECASE)


def after(before: str, sql: str, tag: str) -> str:
    """The status after a statement that completed with `tag`."""
    if tag in ("BEGIN", "START TRANSACTION"):
        return "T"
    if tag == "ROLLBACK" and _TO.match(sql):
        return "T"
    if tag in ("COMMIT", "ROLLBACK"):
        return "T" if _CHAIN.search(sql) and before != "I" else "I"
    return "I" if tag == "PREPARE TRANSACTION" else before


def after_error(before: str) -> str:
    return "I" if before == "I" else "E"


def undoes(before: str, sql: str) -> bool:
    """Whether all that the statement can do is to undo a transaction, which never fails: ROLLBACK,
    and COMMIT too when the transaction has failed (the reference page of COMMIT)."""
    found = _END.fullmatch(sql)
    if found is None or before == "I":
        return False
    return before == "E" or found[1].upper() in ("ROLLBACK", "ABORT")
