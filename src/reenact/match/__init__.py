"""Which recorded call a live one is: an index, the choice, and the nearest when there is none."""
