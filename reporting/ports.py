"""Ports: the interfaces that the rollup needs: of marks, of the turns in which workers take them, and of the list of
past days."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from conversions.marks.days import DayEnd
from conversions.marks.marks import Mark
from conversions.units.clock import FOR_EVER


class RollupMarks(Protocol):
    """The marks on hours, and on parts of hours, whose figures must be made again. This is the interface that the
    rollup needs; `conversions.marks.marks` implements it."""

    def mark_parts(self, site: str, parts: Iterable[tuple[int, int]]) -> None:
        """Mark parts of a site's hours to be rolled up. `parts`: (start of the hour in ms, index of the part). Each
        mark gets a new token."""

    def mark_sums(self, buckets: Iterable[tuple[str, int]]) -> None:
        """Mark divided hours whose parts must be added up again. `buckets`: (site, start of the hour in ms). The marks
        get a new token."""

    def open_marks(self, site: str | None = None) -> list[Mark]:
        """Return all marks that are not removed. With `site`, only those of this site."""

    def known_parts(self, site: str, since: int = 0, until: int = FOR_EVER) -> list[tuple[int, int]]:
        """Return every part that was ever marked, as (start of the hour in ms, index of the part), of hours that begin
        at `since` <= ms < `until`."""

    def note_tries(self, marks: Collection[Mark]) -> None:
        """Store that these marks are tried now. The order of marks depends on their last try."""

    def close_marks(self, marks: Mapping[Mark, int]) -> list[Mark]:
        """Remove marks, except those that were set again since they were read. Return the removed ones. `marks`: mark
        -> the time (ms) before which its part must not be rolled up again."""

    def mark_fits(self, months: Collection[tuple[str, str]]) -> None:
        """Mark the fits of months to be made again. `months`: (site, month)."""


class MarkTurns(Protocol):
    """Which marks a worker may roll up now, so that workers don't do the same work. This is the interface that the
    rollup needs; `conversions.marks.turns` implements it."""

    def due_marks(self, now: int, sums: bool, site: str | None = None) -> list[Mark]:
        """Return the marks that may be rolled up at `now` (ms), in any order. `sums`: true for marks on hours whose
        parts must be added up, false for marks on parts."""

    def due_site_marks(self, now: int | None, site: str | None = None) -> list[Mark]:
        """Return the marks that stand for many hours of a site and can now be replaced by a mark for each part: all
        marks on whole sites, and the onward marks that don't rest at `now` (ms). If `now` is None, return all onward
        marks."""

    def take_marks(self, marks: Sequence[Mark], now: int, until: int) -> list[Mark]:
        """Hold those of the marks that no other worker holds at `now` (ms). Hold them until `until` (ms), and return
        them."""

    def release_marks(self, marks: Collection[Mark]) -> None:
        """Release marks that this worker holds, so that others can take them."""


class DayNotes(Protocol):
    """The list of past days whose cells should be made again. This is the interface that the rollup needs;
    `conversions.marks.days` implements it."""

    def note_days(self, days: Collection[DayEnd]) -> None:
        """Put days on the list. A day that is on the list already is put on it anew."""
