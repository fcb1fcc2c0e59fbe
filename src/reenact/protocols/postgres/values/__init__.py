"""Single values: canonical scalars <-> what PostgreSQL writes, in text or binary format.

`decode(oid, fmt, raw)` and `encode(oid, fmt, value)` are the door. Canonical forms:

- int types: int; bool: bool; float4/float8: float; numeric: Decimal; bytea: bytes;
- every other known type: str in PostgreSQL's text output form;
- a text that would not come back exactly from its scalar (`1.0` as int, `NaN`): the text itself;
- binary of a type we don't know: str when it is nothing but printable text (enums, citext),
  otherwise {"bin": bytes}, which can only be served in binary again.
"""

from reenact.protocols.postgres.values.convert import BINARY, TEXT, Unservable, decode, encode

__all__ = ["BINARY", "TEXT", "Unservable", "decode", "encode"]
