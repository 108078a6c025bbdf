"""Bringing a directory to what the register, the record and the realm's document say: first a plan, then its steps."""
