"""The files that a service changes, as they were before it did.

`seccomp` picks the calls out that change the file tree, `notify` speaks with the kernel about them,
`calls` tells which paths they name, `before` keeps what is there until now, `watcher` does it all
from PID 1. `laying` puts it back, at a test. Only the standard library: this runs inside.
"""
