"""The service's randomness, made repeatable: the kernel's sources give what a seed says.

`stream` is pure: which bytes. `births` gives every process a name that is the same in each run,
`draws` answers system calls with them, `start` is what is set when a program begins. It runs in
PID 1 of a sandbox and needs the tracer (`reenact.sandbox.clock`) and a listener of system calls
(`reenact.sandbox.files.notify`). Only the standard library. docs/seed.md says what is reached.
"""
