"""Measurements. Each folder runs as a module: `python -m benches.<name>`."""
