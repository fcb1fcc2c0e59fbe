"""`python -m benches.verdicts [--runs 50] [--jobs 1,4] [--load] [--bug tax-rounded-down]`

How many different verdict documents (`reenact test --verdict`) the same suite and build give in so many
runs, for the untouched example and for one with a planted bug, while busy loops take the machine's cores
(`--load`). One each is the goal, whatever `--jobs`. Different ones stay in `.work/verdicts/`.
"""
