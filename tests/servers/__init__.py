"""Real servers on free loopback ports, in folders of their own; standard library only.

Each is a context manager that yields where it listens: `postgres`, `redis`, `payments`. They start
fresh, are ready when the block is entered, and are gone when it ends. Their logs stay in the folder.
"""
