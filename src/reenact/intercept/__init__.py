"""Between the service and the world: bytes are copied, stamped and understood no further.

`settings` what the user may configure; `ca` and `hello` TLS on both sides; `peek` who speaks first
and how; `relay` one connection; `outbound`, `inbound`, `dns` where connections come from.
"""
