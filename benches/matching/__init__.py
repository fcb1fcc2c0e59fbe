"""How fast a recorded call is found among many."""
