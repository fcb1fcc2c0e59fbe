"""How fast recordings are read and compiled, and that twice the input takes twice the time.

inputs    recordings: from files, made with the example, lookups that are made up
doubled   the same recording with twice as much in it
"""
