"""The small program that makes the namespaces and is PID 1 in them (docs/sandbox.md).

Started with a bare interpreter (`-I -S`) and only a few standard modules, so that a sandbox is
up in milliseconds whatever the recorder has imported, and no lock or thread of it is forked.
"""
