"""Ports: what a roller and its maker of cells call of marks, their turns, and the list of stale days."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from conversions.marks.days import DayEnd
from conversions.marks.marks import Mark
from conversions.units.clock import FOR_EVER


class RollupMarks(Protocol):
    """The functions of `conversions.marks.marks` that a roller calls."""

    def mark_parts(self, site: str, parts: Iterable[tuple[int, int]]) -> None:
        """Mark known (bucket, part) under new tokens."""

    def mark_sums(self, buckets: Iterable[tuple[str, int]]) -> None:
        """Mark the sums of (site, bucket) under a new token."""

    def open_marks(self, site: str | None = None) -> list[Mark]:
        """List the open marks."""

    def known_parts(self, site: str, since: int = 0, until: int = FOR_EVER) -> list[tuple[int, int]]:
        """List every (bucket, part) that was ever marked, for the buckets that begin in an interval (ms)."""

    def note_tries(self, marks: Collection[Mark]) -> None:
        """Note that a rollup of buckets begins."""

    def close_marks(self, marks: Mapping[Mark, int]) -> list[Mark]:
        """Set until when each mark rests. Remove those whose token is still the noted one; return them. `marks`: mark
        -> the end of its rest (ms)."""

    def mark_fits(self, months: Collection[tuple[str, str]]) -> None:
        """Mark the fits of (site, month) under a new token."""


class MarkTurns(Protocol):
    """The functions of `conversions.marks.turns` that a roller calls."""

    def due_marks(self, now: int, sums: bool, site: str | None = None) -> list[Mark]:
        """The marks that neither rest nor are held at `now` (ms), in no particular order: those on sums if `sums` is
        true, otherwise those on parts."""

    def due_site_marks(self, now: int | None, site: str | None = None) -> list[Mark]:
        """The open marks of whole sites, and the open onward marks of sites that don't rest at `now` (ms)."""

    def take_marks(self, marks: Sequence[Mark], now: int, until: int) -> list[Mark]:
        """Note that a rollup of marks begins, and hold them until an instant (ms). Return the marks that are now
        held."""

    def release_marks(self, marks: Collection[Mark]) -> None:
        """End the hold of marks."""


class DayNotes(Protocol):
    """The list of days whose cells should be made again: `conversions.marks.days`."""

    def note_days(self, days: Collection[DayEnd]) -> None:
        """Add days to the list."""
