"""Where a service runs: its own namespaces, caught connections, trust, files and ports.

`process.start(SandboxSpec(...)) -> Sandbox` is the way in. `trust` and `unix_sockets` say what
to bind over before; `ports` and `holder` read who listens; `doctor` says what the machine
supports. What runs on the far side of the fence is in `inside/` and imports only the standard
library, which is why this file imports nothing.
"""
