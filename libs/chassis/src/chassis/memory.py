"""What a service asks of Python's garbage collector."""

import gc

__all__ = ["settle_memory"]


def settle_memory() -> None:
    """What is there after start-up stays, and is never looked through again; young objects are looked at more rarely.

    Answers of thousands of rows would be searched for cycles over and over while they are made: measured, that took
    two thirds of the time of the largest ones.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
