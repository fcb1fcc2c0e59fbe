"""Structural difference of two trees of values under a renaming."""
