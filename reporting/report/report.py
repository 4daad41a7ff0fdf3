"""Report: the cells of a query's days -> rows, unattributed amounts and totals. Pure.

Amounts stay whole numbers until the end. Rows and unattributed amounts therefore sum to the totals, to the last micro.
"""

from collections.abc import Iterable
from typing import Any

from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.micros import six_places
from reporting.figures.cells import Named, decode_clicks, decode_credit
from reporting.report.query import Query
from reporting.report.rows import Report, Sum, Totals, Unattributed, row
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal

#: A report has at most this many rows. More would be too large an answer, and nobody would read them.
MAX_ROWS = 100_000
#: The campaign of touches that name none.
NO_CAMPAIGN = "(none)"


#: The keys of a row apart from its ad: goal, day and hour. A key is empty if it is not among those of the query's `by`.
Head = tuple[str, str, str]
#: The keys of a row's ad: name, campaign and whether it is unconfigured.
AdKey = tuple[str, str, bool]


class CellAdder:
    """Adds up the cells of a query's days, column by column. To save time, it makes no object for each row of a
    cell."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        self.unattributed: Sum = [0, 0, 0, 0]
        #: Clicks and views, which belong to no goal. A report by goal shows them apart from its rows.
        self.apart: Sum = [0, 0, 0, 0]
        #: The goal's uid and the month of each conversion that was added up.
        self.months: set[tuple[str, str]] = set()
        self._query = query
        self._goals = {goal.uid: goal.key for goal in site.goals}
        self._groups: dict[Head, dict[AdKey, Sum]] = {}

    def add_clicks(self, day: str, cell: Cell) -> None:
        """Add the clicks and views of a day. Raises Damaged, and Refusal if there are too many rows."""
        found = decode_clicks(cell)
        if "goal" in self._query.by:
            self.apart[0] += sum(found.clicks)
            self.apart[1] += sum(found.views)
            return
        group = self._group("", day, cell.start)
        for ad, clicks, views in zip(self._ad_keys(found.ads), found.clicks, found.views, strict=True):
            assert ad is not None
            row = group.get(ad) or group.setdefault(ad, [0, 0, 0, 0])
            row[0] += clicks
            row[1] += views
        self._check_size()

    def add_credit(self, day: str, cell: Cell) -> None:
        """Add the credit of a day's conversions. In a cell by the touch's day, only days of the query are added.

        Raises Damaged, and Refusal if there are too many rows.
        """
        found = decode_credit(cell)
        self.months |= {(goal, day[:7]) for goal in found.goals if self._query.goal in (None, goal)}
        ads = self._ad_keys(found.ads)
        groups = [self._groups_of(goal, found.days or [day], cell.start) for goal in found.goals]
        places = found.day or [0] * len(found.goal)
        for goal, ad, place, credit, value in zip(found.goal, found.ad, places, found.credit, found.value, strict=True):
            group, key = groups[goal][place], ads[ad]
            if group is None:
                continue
            row = (group.get(key) or group.setdefault(key, [0, 0, 0, 0])) if key else self.unattributed
            row[2] += credit
            row[3] += value
        self._check_size()

    def report(self) -> Report:
        """Make the report. Rows are sorted while their keys and amounts are still numbers."""
        rows = {
            self._key(head, ad): row for head, group in self._groups.items() for ad, row in group.items() if any(row)
        }
        totals = [sum(column) for column in zip(*rows.values(), self.unattributed, self.apart, strict=True)]
        return Report(
            rows=[row(key, rows[key], self._query) for key in sorted(rows)],
            unattributed=Unattributed(*map(six_places, self.unattributed[2:])),
            totals=Totals(*totals[:2], *map(six_places, totals[2:])),
        )

    def _groups_of(self, goal: str, days: Iterable[str], bucket: int) -> list[dict[AdKey, Sum] | None]:
        """The group of each day; None if the query leaves out the goal or the day."""
        wanted = self._query.goal in (None, goal)
        return [self._group(goal, day, bucket) if wanted and day in self._query else None for day in days]

    def _group(self, goal: str, day: str, bucket: int) -> dict[AdKey, Sum]:
        by = self._query.by
        head = (
            self._goals.get(goal, goal) if "goal" in by else "",
            day if "day" in by else "",
            iso(bucket) if "hour" in by else "",
        )
        return self._groups.setdefault(head, {})

    def _ad_keys(self, ads: Iterable[Named | None]) -> list[AdKey | None]:
        """The key of each ad in the report; None for no ad."""
        by_ad, by_campaign = "ad" in self._query.by, "campaign" in self._query.by
        return [
            ad and (ad[0] if by_ad else "", (ad[1] or NO_CAMPAIGN) if by_campaign else "", by_ad and not ad[2])
            for ad in ads
        ]

    def _key(self, head: Head, ad: AdKey) -> tuple[Any, ...]:
        """A row's sort key: its `by` keys. By ad, a configured ad comes before an unconfigured one of the same name."""
        values = dict(zip(("goal", "day", "hour", "ad", "campaign"), (*head, *ad), strict=False))
        keys = tuple(values[name] for name in self._query.by)
        return (*keys, ad[2]) if "ad" in self._query.by else keys

    def _check_size(self) -> None:
        check_size(sum(map(len, self._groups.values())))


def make_report(
    clicks: Iterable[tuple[str, Cell]], credit: Iterable[tuple[str, Cell]], query: Query, site: SiteConfig
) -> tuple[Report, set[tuple[str, str]]]:
    """Make the report of a query from its cells, each with its day; and return the goals and months in it. Raises
    Refusal."""
    adder = CellAdder(query, site)
    for day, cell in clicks:
        adder.add_clicks(day, cell)
    for day, cell in credit:
        adder.add_credit(day, cell)
    return adder.report(), adder.months


def check_size(rows: int) -> None:
    """Check the number of rows. Raises Refusal if it is too large."""
    if rows > MAX_ROWS:
        detail = f"The report has more than {MAX_ROWS} rows; take fewer keys or a shorter range."
        raise Refusal(400, "too_many_rows", detail, "by")
