"""Values that the service makes up: what form they have, and what they are called in this run.

`forms` names the kinds and tells them from text; `align` finds which parts of two texts are
generated; `instants` reads points in time; `table` is the one-to-one renaming and retells trees.
"""
