"""Unrated: reads which amounts a report leaves out of values because their exchange rate is unknown. They are the
answer's `set_aside`. Pure."""

from collections import Counter
from collections.abc import Iterable

from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.verdicts.unrated import Unrated, describe_unrated
from reporting.figures.cells import decode_unrated
from reporting.report.query import Query
from reporting.report.reading import DayReader, read_unrated_cells


def read_unrated(reader: DayReader, query: Query, site: SiteConfig) -> Unrated:
    """Read how many conversions of a report lack a part of their value, and the amounts that are left out. Raises
    StoreUnavailable.

    A conversion counts on its own day, even with basis=click. For a site without any exchange rates the result is
    empty.
    """
    cells = read_unrated_cells(reader, query) if site.rates else ()
    return describe_unrated(*add_up((cell for _, cell in cells), query))


def add_up(cells: Iterable[Cell], query: Query) -> tuple[int, Counter[str]]:
    """Return the number of the query's conversions in these cells whose value lacks an exchange rate, and the amounts
    without a rate: currency -> micros."""
    conversions, amounts = 0, Counter[str]()
    for row in (row for cell in cells for row in decode_unrated(cell) if query.takes_goal(row.goal)):
        conversions += row.conversions
        amounts.update(dict(row.amounts))
    return conversions, amounts
