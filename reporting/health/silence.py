"""Silence: finds the goals that used to be met and no longer are, from the days on which they were met. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

#: The fewest days on which a goal was met. With fewer days, too little is known of its usual pauses.
LEAST_DAYS = 3
#: The fewest days of a silence.
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

    A goal fell silent if three conditions are met. It was met on at least LEAST_DAYS of the days. At least LEAST_QUIET
    whole days have passed since. These days are more than TIMES as many as the longest pause between two days on which
    it was met. A goal that was met after the last of the days is not silent.
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
