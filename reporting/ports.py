"""Ports: the interfaces of marks, and of the list of past days, that the rollup uses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from conversions.marks.days import DayEnd
from conversions.marks.marks import Mark
from conversions.units.clock import FOR_EVER


class RollupMarks(Protocol):
    """The marks of hours whose figures must be made again, as the rollup uses them: `conversions.marks.marks`."""

    def mark_parts(self, site: str, parts: Iterable[tuple[int, int]]) -> None:
        """Mark these (hour, part) pairs to be rolled up, under new tokens."""

    def mark_sums(self, buckets: Iterable[tuple[str, int]]) -> None:
        """Mark these hours, as (site, hour), to be added up from their parts, under a new token."""

    def open_marks(self, site: str | None = None) -> list[Mark]:
        """Return the open marks."""

    def known_parts(self, site: str, since: int = 0, until: int = FOR_EVER) -> list[tuple[int, int]]:
        """Return every (hour, part) pair that was ever marked, for the hours that begin in an interval (ms)."""

    def note_tries(self, marks: Collection[Mark]) -> None:
        """Note that a rollup of these marks begins."""

    def close_marks(self, marks: Mapping[Mark, int]) -> list[Mark]:
        """Remove these marks, except those that were set again meanwhile; return the removed ones. `marks`: mark -> the
        time (ms) until which its part must not be rolled up again."""

    def mark_fits(self, months: Collection[tuple[str, str]]) -> None:
        """Mark the fits of these (site, month) pairs to be made again, under a new token."""


class MarkTurns(Protocol):
    """Which worker rolls up which marks, and when; as the rollup uses it: `conversions.marks.turns`."""

    def due_marks(self, now: int, sums: bool, site: str | None = None) -> list[Mark]:
        """Return the marks that may be rolled up at `now` (ms), in no particular order. `sums`: marks on sums of hours,
        else marks on parts."""

    def due_site_marks(self, now: int | None, site: str | None = None) -> list[Mark]:
        """Return the open marks of whole sites, and the open onward marks that may be replaced at `now` (ms)."""

    def take_marks(self, marks: Sequence[Mark], now: int, until: int) -> list[Mark]:
        """Hold marks until an instant (ms), so that no other worker takes them. Return the marks that are now held."""

    def release_marks(self, marks: Collection[Mark]) -> None:
        """Release marks that are held."""


class DayNotes(Protocol):
    """The list of past days whose cells should be made again, as the rollup uses it: `conversions.marks.days`."""

    def note_days(self, days: Collection[DayEnd]) -> None:
        """Add days to the list."""
