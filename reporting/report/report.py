"""Report: the cells of a query's days -> rows, what is unattributed, and totals that both add up to. Pure.

Amounts are whole numbers until the end, so nothing is lost: rows and unattributed equal the totals to the last micro.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from conversions.facts.ad_names import AdName
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.micros import six_places
from reporting.figures.cells import CLICKS, decode_clicks, decode_credit
from reporting.report.query import Query
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal

#: More rows than this are no report that anybody reads, and too much to answer with.
MAX_ROWS = 100_000
#: Whose touches named no campaign.
NO_CAMPAIGN = "(none)"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
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

    def add(self, entry: Entry) -> None:
        """Adds what a stored row says."""
        self.clicks += entry.clicks
        self.views += entry.views
        self.credit += entry.credit
        self.value += entry.value

    def __bool__(self) -> bool:
        return bool(self.clicks or self.views or self.credit or self.value)


class Report(msgspec.Struct, frozen=True):
    """The exact part of an answer, with money and conversions as texts of six places."""

    rows: list[dict[str, Any]]
    unattributed: dict[str, Any]
    totals: dict[str, Any]


def make_report(cells: Iterable[Cell], query: Query, site: SiteConfig) -> Report:
    """The report of a query from the cells of its days, those of `query.credit_days` too. Raises Refusal."""
    place = placing(query, site)
    rows: dict[tuple[Any, ...], Sum] = {}
    unattributed, totals = Sum(), Sum()
    for entry in entries(cells, query):
        totals.add(entry)
        if entry.ad is None:
            unattributed.add(entry)
        elif entry.goal is not None or "goal" not in query.by:
            rows.setdefault(place(entry, entry.ad), Sum()).add(entry)
            check_size(rows)
    return Report(
        rows=[row(key, rows[key], query) for key in sorted(rows) if rows[key]],
        unattributed=amounts(unattributed),
        totals={"clicks": totals.clicks, "views": totals.views, **amounts(totals)},
    )


def entries(cells: Iterable[Cell], query: Query) -> Iterator[Entry]:
    """What the cells say about the query's days and goal. Clicks have no goal: they are the same for each."""
    for cell in cells:
        if cell.model == CLICKS:
            yield from (entry for entry in _clicks(cell) if entry.day in query)
        elif cell.model == query.model and query.goal in (None, cell.goal):
            yield from (entry for entry in _credit(cell, query) if entry.day in query)


def _clicks(cell: Cell) -> Iterator[Entry]:
    for row in decode_clicks(cell.body):
        yield Entry(ad=row.ad, day=cell.day, bucket=cell.bucket, clicks=row.clicks, views=row.views)


def _credit(cell: Cell, query: Query) -> Iterator[Entry]:
    for row in decode_credit(cell.body):
        # What is unattributed has no touch: it stays on the conversion's day, which is its row's.
        day = row.touch_day if query.basis == "click" and row.ad else cell.day
        yield Entry(ad=row.ad, day=day, bucket=cell.bucket, goal=cell.goal, credit=row.credit, value=row.value)


def placing(query: Query, site: SiteConfig) -> Callable[[Entry, AdName], tuple[Any, ...]]:
    """Into which row an entry goes: its `by` keys and, by ad, whether its name is a configured ad's.

    An unconfigured name may be the same text as an ad's key; configured ones come first.
    """
    names = {goal.uid: goal.key for goal in site.goals}
    readers: Mapping[str, Callable[[Entry, AdName], str]] = {
        "ad": lambda _, ad: ad.ad,
        "campaign": lambda _, ad: ad.campaign or NO_CAMPAIGN,
        "goal": lambda entry, _: names.get(entry.goal or "", entry.goal or ""),
        "day": lambda entry, _: entry.day,
        "hour": lambda entry, _: iso(entry.bucket),
    }
    wanted = [readers[key] for key in query.by]
    if "ad" in query.by:
        return lambda entry, ad: (*(read(entry, ad) for read in wanted), not ad.configured)
    return lambda entry, ad: tuple(read(entry, ad) for read in wanted)


def check_size(rows: Mapping[tuple[Any, ...], Sum]) -> None:
    """Refuses a report that would be too long. Raises Refusal."""
    if len(rows) > MAX_ROWS:
        detail = f"The report has more than {MAX_ROWS} rows; take fewer keys or a shorter range."
        raise Refusal(400, "too_many_rows", detail, "by")


def columns(query: Query) -> list[str]:
    """The columns of a report's rows, in order."""
    configured = ["configured"] if "ad" in query.by else []
    return [*query.by, *configured, "clicks", "views", "conversions", "value"]


def row(key: tuple[Any, ...], total: Sum, query: Query) -> dict[str, Any]:
    """One row of a report. By goal, clicks and views are null: no click belongs to a goal."""
    found = dict(zip(query.by, key, strict=False))
    if "ad" in query.by:
        found["configured"] = not key[-1]
    by_goal = "goal" in query.by
    counts = {"clicks": None if by_goal else total.clicks, "views": None if by_goal else total.views}
    return {**found, **counts, **amounts(total)}


def amounts(total: Sum) -> dict[str, Any]:
    """Conversions and value as texts."""
    return {"conversions": six_places(total.credit), "value": six_places(total.value)}
