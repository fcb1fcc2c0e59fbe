"""How long a sandbox takes to start and to close."""
