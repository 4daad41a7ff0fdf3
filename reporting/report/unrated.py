"""Unrated: the cells of amounts without a rate -> the part `set_aside` of an answer. Pure."""

from collections import Counter
from collections.abc import Iterable

from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.verdicts.unrated import Unrated, describe_unrated
from reporting.figures.cells import decode_unrated
from reporting.report.query import Query
from reporting.report.reading import DayReader, read_unrated_cells


def read_unrated(reader: DayReader, query: Query, site: SiteConfig) -> Unrated:
    """Read, by reason, the number of counted conversions with an unrated part of their value, and the unrated amounts.
    Raises StoreUnavailable.

    The conversion's day counts, with either basis. A site without other currencies has no unrated amounts.
    """
    cells = read_unrated_cells(reader, query) if site.rates else ()
    return describe_unrated(*add_up((cell for _, cell in cells), query))


def add_up(cells: Iterable[Cell], query: Query) -> tuple[int, Counter[str]]:
    """Return how many of the query's conversions have amounts without a rate; and these amounts: currency -> micros."""
    conversions, amounts = 0, Counter[str]()
    for row in (row for cell in cells for row in decode_unrated(cell) if query.takes_goal(row.goal)):
        conversions += row.conversions
        amounts.update(dict(row.amounts))
    return conversions, amounts
