"""Unrated: reads which amounts a report leaves out because no exchange rate is known, for the answer's `set_aside`.
Pure."""

from collections import Counter
from collections.abc import Iterable

from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.verdicts.unrated import Unrated, describe_unrated
from reporting.figures.cells import decode_unrated
from reporting.report.query import Query
from reporting.report.reading import DayReader, read_unrated_cells


def read_unrated(reader: DayReader, query: Query, site: SiteConfig) -> Unrated:
    """Read how many counted conversions have a value that is partly left out, and the amounts left out. Raises
    StoreUnavailable.

    They are counted by the conversion's day, also with basis=click. A site without exchange rates has none.
    """
    cells = read_unrated_cells(reader, query) if site.rates else ()
    return describe_unrated(*add_up((cell for _, cell in cells), query))


def add_up(cells: Iterable[Cell], query: Query) -> tuple[int, Counter[str]]:
    """Return how many of the query's conversions have amounts without an exchange rate, and these amounts: currency ->
    micros."""
    conversions, amounts = 0, Counter[str]()
    for row in (row for cell in cells for row in decode_unrated(cell) if query.takes_goal(row.goal)):
        conversions += row.conversions
        amounts.update(dict(row.amounts))
    return conversions, amounts
