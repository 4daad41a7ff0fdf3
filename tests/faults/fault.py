"""Fault: a rule of the product that is broken on purpose, by changes of its source."""

from dataclasses import dataclass
from pathlib import Path

PROPERTY = "tests/properties/test_invariance.py::TestSealedReports::"
#: The test that catches most faults, and the one whose worlds include the end of a month.
WORLDS = f"{PROPERTY}test_any_order_duplicates_crashes_and_interleaving_give_the_recomputed_report"
EDGES = f"{PROPERTY}test_over_a_months_end_any_order_and_interleaving_give_the_recomputed_report"


class Moved(ValueError):
    """The source no longer has the text that the fault replaces. The fault must be adapted to the present source."""


@dataclass(frozen=True)
class Change:
    """A text that occurs once in a file, and its replacement."""

    file: str
    old: str
    new: str

    def applied_to(self, source: str) -> str:
        """Return the changed source. Raises Moved."""
        if source.count(self.old) != 1:
            raise Moved(f"{self.file} has {source.count(self.old)} times, not once:\n{self.old}")
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Fault:
    """A deliberate fault: what it breaks, the test that must catch it, and its changes of the source."""

    name: str
    test: str
    changes: tuple[Change, ...]

    def sources(self, checkout: Path) -> dict[str, str]:
        """Return the changed files of a checkout: name -> text. Raises Moved."""
        found: dict[str, str] = {}
        for change in self.changes:
            source = found.get(change.file) or (checkout / change.file).read_text()
            found[change.file] = change.applied_to(source)
        return found


def fault(name: str, test: str, file: str, *texts: str) -> Fault:
    """Make a fault in one file. `texts`: a text, its replacement, the next text, its replacement, ..."""
    return Fault(name, test, changes(file, *texts))


def changes(file: str, *texts: str) -> tuple[Change, ...]:
    """Make the changes of one file from texts and their replacements."""
    return tuple(Change(file, old, new) for old, new in zip(texts[::2], texts[1::2], strict=True))
