"""Dice: random number generators that give the same numbers in each run."""

from random import Random


def dice(*words: object) -> Random:
    """Return the random generator for one purpose, such as a person's visits. `words`: the seed and the purpose.

    Each purpose has a generator of its own. Therefore the numbers of one purpose don't depend on how many numbers other
    purposes draw.
    """
    return Random(" ".join(map(str, words)))  # noqa: S311
