"""The service's wall clock: moved without a library in the service and without a patched kernel.

`vdso` and `code` are pure: which bytes of a vDSO image become which. `tracer` applies them, in
PID 1 of a sandbox, to every program that is started there. docs/clock.md says what is reached.
Only the standard library is imported here, and little of it: this runs before the service does.
"""
