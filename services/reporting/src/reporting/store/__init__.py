"""Every SQL statement of *reporting*, a file a noun. Row security narrows each to what the transaction may see."""
