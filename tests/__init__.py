"""The tests; `tests.servers` and `tests.services` are shared with the demo and the benches."""
