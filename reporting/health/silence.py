"""Silence: finds the goals that used to be met and no longer are, from the days on which they were met. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

#: A goal that was met on fewer days has no habit from which a silence would differ.
LEAST_DAYS = 3
#: Fewer quiet days are no silence.
LEAST_QUIET = 2
#: A silence is more than this many times as long as the longest pause before.
TIMES = 2


class Silence(msgspec.Struct, frozen=True):
    """A goal that fell silent. `name`: the goal's key. `last`: the last day on which it was met. `quiet`: the whole
    days since. `pause`: the longest earlier pause, in days."""

    name: str
    last: str
    quiet: int
    pause: int


def silences(met: Mapping[str, Iterable[str]], days: Sequence[str]) -> list[Silence]:
    """Return the goals that fell silent, the longest silence first. `met`: key of each goal -> the days on which it was
    met. `days`: all whole days that are looked at, oldest first."""
    found = (silence_of(name, own, days) for name, own in met.items())
    return sorted((one for one in found if one), key=lambda one: (-one.quiet, one.name))


def silence_of(name: str, met: Iterable[str], days: Sequence[str]) -> Silence | None:
    """Return the silence of a goal, or None if it has not fallen silent.

    A goal fell silent if it was met on at least LEAST_DAYS of the days, and both hold of the whole days since: there
    are at least LEAST_QUIET of them, and more than TIMES as many as in the longest pause between two days on which it
    was met. A goal that was met after the last of the days is not silent.
    """
    own, every = set(met), list(days)
    if not every or any(day > every[-1] for day in own):
        return None
    places = [place for place, day in enumerate(every) if day in own]
    if len(places) < LEAST_DAYS:
        return None
    pause = max(after - before - 1 for before, after in pairwise(places))
    quiet = len(every) - 1 - places[-1]
    if quiet < LEAST_QUIET or quiet <= TIMES * pause:
        return None
    return Silence(name, every[places[-1]], quiet, pause)
