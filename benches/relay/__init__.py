"""What recording costs on the wire, beside other relays, in one run."""
