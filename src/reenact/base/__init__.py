"""What everything may lean on: errors and exit codes, time, chance, reading bytes."""
