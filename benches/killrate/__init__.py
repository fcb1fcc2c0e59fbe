"""How many small mistakes in the example service does `reenact test` notice?

`python -m benches.killrate` records the example once, tests the untouched build many times, then
plants each mutation of `mutations.py` alone and tests again: red is a kill.
"""
