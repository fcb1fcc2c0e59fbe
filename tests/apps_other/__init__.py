"""One shop, written as different backend teams would: each language with its own drivers."""
