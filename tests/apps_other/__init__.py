"""One shop, written as backend teams of other languages would: each with its own drivers.

`python -m tests.apps_other NAME` records one of them and tests it with all of its planted bugs.
"""
