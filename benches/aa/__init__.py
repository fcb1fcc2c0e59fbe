"""Does the untouched build pass, every time, and without anybody's help?

`python -m benches.aa` records every service of the end-to-end tests, tests the untouched build again and again, and
prints for each: cases, cases set aside, false alarms, the places whose values are renamed, by kind, and tolerances.
"""
