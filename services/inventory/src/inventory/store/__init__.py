"""Every SQL statement of *inventory*, a file a noun. Row security narrows each to what the transaction may see."""
