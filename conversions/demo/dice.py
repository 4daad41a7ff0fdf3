"""Dice: a seed and words -> a generator of numbers, the same ones each time."""

from random import Random


def dice(*words: object) -> Random:
    """Make the generator of one purpose. What it draws depends on nothing that is drawn for another purpose."""
    return Random(" ".join(map(str, words)))  # noqa: S311
