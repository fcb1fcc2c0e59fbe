"""Reenact: record what a running service says and hears, and re-enact it against a new build."""

__version__ = "0.1.0"
