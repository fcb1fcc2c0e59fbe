"""Services that nobody here wrote: how each is installed, deployed and used.

A folder exports `SERVICE`, a `tests.services.service.Service`. The tests of all of them are in
`test_services.py`.
"""
