"""Every SQL statement of *access*. Row security narrows each to what the transaction may see."""
