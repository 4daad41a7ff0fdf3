"""Contributions: the cells of a query's days -> what each stored row adds to a report, and sums of that. Pure."""

from collections.abc import Iterable, Iterator

import msgspec

from conversions.facts.ad_names import AdName
from conversions.store.port import Cell
from reporting.figures.cells import CLICKS, decode_clicks, decode_credit
from reporting.report.query import Query


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What one stored row adds to a report.

    `ad` None: it is unattributed. `goal` None: it is clicks and views, which have no goal.
    """

    ad: AdName | None
    day: str
    bucket: int
    goal: str | None = None
    clicks: int = 0
    views: int = 0
    credit: int = 0
    value: int = 0


class Sum:
    """Clicks and views, and micros of conversions and of money, added up."""

    __slots__ = ("clicks", "credit", "value", "views")

    def __init__(self) -> None:
        self.clicks = self.views = self.credit = self.value = 0

    def add(self, one: Contribution) -> None:
        """Adds what a stored row says."""
        self.clicks += one.clicks
        self.views += one.views
        self.credit += one.credit
        self.value += one.value

    def __bool__(self) -> bool:
        return bool(self.clicks or self.views or self.credit or self.value)


def contributions(cells: Iterable[Cell], query: Query) -> Iterator[Contribution]:
    """What the cells say about the query's days and goal. Clicks have no goal: they are the same for each."""
    for cell in cells:
        if cell.model == CLICKS:
            yield from (one for one in _clicks(cell) if one.day in query)
        elif cell.model == query.model and query.goal in (None, cell.goal):
            yield from (one for one in _credit(cell, query) if one.day in query)


def _clicks(cell: Cell) -> Iterator[Contribution]:
    for row in decode_clicks(cell.body):
        yield Contribution(ad=row.ad, day=cell.day, bucket=cell.bucket, clicks=row.clicks, views=row.views)


def _credit(cell: Cell, query: Query) -> Iterator[Contribution]:
    for row in decode_credit(cell.body):
        # What is unattributed has no touch: it stays on the conversion's day, which is its row's.
        day = row.touch_day if query.basis == "click" and row.ad else cell.day
        yield Contribution(ad=row.ad, day=day, bucket=cell.bucket, goal=cell.goal, credit=row.credit, value=row.value)
