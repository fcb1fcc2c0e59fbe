"""How fast captures are read, and that twice the input takes twice the time."""
