"""Types by their fixed OIDs (PostgreSQL's pg_type.dat), with sizes and element types."""

from __future__ import annotations

from typing import NamedTuple


class Type(NamedTuple):
    """`size` is pg_type.typlen: -1 for variable, -2 for a C string."""

    oid: int
    name: str
    size: int
    array: int = 0


_TYPES = (
    Type(16, "bool", 1, 1000),
    Type(17, "bytea", -1, 1001),
    Type(18, "char", 1, 1002),
    Type(19, "name", 64, 1003),
    Type(20, "int8", 8, 1016),
    Type(21, "int2", 2, 1005),
    Type(22, "int2vector", -1, 1006),
    Type(23, "int4", 4, 1007),
    Type(24, "regproc", 4, 1008),
    Type(25, "text", -1, 1009),
    Type(26, "oid", 4, 1028),
    Type(27, "tid", 6, 1010),
    Type(28, "xid", 4, 1011),
    Type(29, "cid", 4, 1012),
    Type(30, "oidvector", -1, 1013),
    Type(114, "json", -1, 199),
    Type(142, "xml", -1, 143),
    Type(194, "pg_node_tree", -1),
    Type(600, "point", 16, 1017),
    Type(601, "lseg", 32, 1018),
    Type(602, "path", -1, 1019),
    Type(603, "box", 32, 1020),
    Type(604, "polygon", -1, 1027),
    Type(628, "line", 24, 629),
    Type(650, "cidr", -1, 651),
    Type(700, "float4", 4, 1021),
    Type(701, "float8", 8, 1022),
    Type(705, "unknown", -2),
    Type(718, "circle", 24, 719),
    Type(774, "macaddr8", 8, 775),
    Type(790, "money", 8, 791),
    Type(829, "macaddr", 6, 1040),
    Type(869, "inet", -1, 1041),
    Type(1033, "aclitem", 12, 1034),
    Type(1042, "bpchar", -1, 1014),
    Type(1043, "varchar", -1, 1015),
    Type(1082, "date", 4, 1182),
    Type(1083, "time", 8, 1183),
    Type(1114, "timestamp", 8, 1115),
    Type(1184, "timestamptz", 8, 1185),
    Type(1186, "interval", 16, 1187),
    Type(1266, "timetz", 12, 1270),
    Type(1560, "bit", -1, 1561),
    Type(1562, "varbit", -1, 1563),
    Type(1700, "numeric", -1, 1231),
    Type(2205, "regclass", 4, 2210),
    Type(2206, "regtype", 4, 2211),
    Type(2249, "record", -1, 2287),
    Type(2275, "cstring", -2, 1263),
    Type(2278, "void", 4),
    Type(2950, "uuid", 16, 2951),
    Type(3220, "pg_lsn", 8, 3221),
    Type(3614, "tsvector", -1, 3643),
    Type(3615, "tsquery", -1, 3645),
    Type(3802, "jsonb", -1, 3807),
    Type(3904, "int4range", -1, 3905),
    Type(3906, "numrange", -1, 3907),
    Type(3908, "tsrange", -1, 3909),
    Type(3910, "tstzrange", -1, 3911),
    Type(3912, "daterange", -1, 3913),
    Type(3926, "int8range", -1, 3927),
    Type(4072, "jsonpath", -1, 4073),
    Type(4089, "regnamespace", 4, 4090),
    Type(4096, "regrole", 4, 4097),
    Type(5069, "xid8", 8, 271),
)

BY_OID = {t.oid: t for t in _TYPES}
ELEMENT = {t.array: t.oid for t in _TYPES if t.array}
"""OID of an array type -> OID of its elements."""

_NAMES = {t.oid: t.name for t in _TYPES} | {t.array: t.name + "[]" for t in _TYPES if t.array}
_OIDS = {name: oid for oid, name in _NAMES.items()}


def type_name(oid: int) -> str | int:
    """The name of a type that ships with PostgreSQL; other types by their number."""
    return _NAMES.get(oid, oid)


def type_oid(name: object) -> int:
    """The inverse; 0 (unspecified) for what is neither a number nor a name we know."""
    return name if isinstance(name, int) else _OIDS.get(str(name), 0)


def type_size(oid: int) -> int:
    """pg_type.typlen; -1 for types we don't know, as for arrays."""
    known = BY_OID.get(oid)
    return known.size if known else -1
