"""Verdicts for people and machines.

`run` what a report is about and its counts; `words` values as text; `explain` one verdict as
lines; `terminal`, `junit`, `json_report`, `github` the four ways out. Nothing here judges:
`run.exit_of` only reads the verdicts' status.
"""
