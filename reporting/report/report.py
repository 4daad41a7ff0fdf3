"""Report: the cells of a query's days -> rows, unattributed amounts and totals. Pure.

Amounts stay whole numbers until the end. Rows and unattributed amounts therefore sum to the totals, to the last micro.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from reporting.figures.cells import Named, decode_clicks, decode_credit
from reporting.report.costs import WIDTH
from reporting.report.keys import LEFT_OUT, AdKey, AdKeys, Head, HeadKeys
from reporting.report.paging import Key, page_of
from reporting.report.query import Query
from reporting.report.rows import Line, Report, Sum, lost_rows, row, totals_of, unattributed_of
from tracker.collection.refusal import Refusal

#: A report has at most this many rows. More would be too large an answer, and nobody would read them.
MAX_ROWS = 100_000


class CellAdder:
    """Adds up the cells of a query's days, column by column. To save time, it makes no object for each row of a
    cell."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        #: Clicks and views, which belong to no goal. A report by goal shows them apart from its rows.
        self.apart = query.empty_sum()
        self._empty = query.empty_sum()
        #: The goal's uid and the month of each conversion that was added up.
        self.months: set[tuple[str, str]] = set()
        self._query = query
        self._heads = HeadKeys(query, site)
        self._ads = AdKeys(query, site)
        names = (*self._heads.names, *self._ads.names)
        #: The place of each key of `by` in a head and an ad's key, one after the other.
        self._places = [names.index(name) for name in query.by]
        #: By goal and time, the sums of each ad. The key None has what is unattributed.
        self._groups: dict[Head, dict[AdKey | None, Sum]] = {}

    def add_clicks(self, day: str, cell: Cell) -> None:
        """Add the clicks and views of a day. Raises Damaged, and Refusal if there are too many rows."""
        found = decode_clicks(cell)
        apart = "goal" in self._query.by
        group = {} if apart else self._group("", day, cell.start)
        for key, clicks, views in zip(self._ads.keys(found.ads), found.clicks, found.views, strict=True):
            if key is LEFT_OUT:
                continue
            row = self.apart if apart else group.get(key) or group.setdefault(key, self._empty.copy())
            row[0] += clicks
            row[1] += views
        self._check_size()

    def add_credit(self, model: str, day: str, cell: Cell) -> None:
        """Add a model's credit of a day's conversions. In a cell by the touch's day, only days of the query are added.

        Raises Damaged, and Refusal if there are too many rows.
        """
        found = decode_credit(cell)
        self.months |= {(goal, day[:7]) for goal in found.goals if self._query.takes_goal(goal)}
        keys = self._ads.keys(found.ads)
        groups = [self._groups_of(goal, found.days or [day], cell.start) for goal in found.goals]
        places = found.day or [0] * len(found.goal)
        column = self._query.column_of(model)
        for goal, ad, place, credit, value in zip(found.goal, found.ad, places, found.credit, found.value, strict=True):
            group, key = groups[goal][place], keys[ad]
            if group is None or key is LEFT_OUT:
                continue
            row = group.get(key) or group.setdefault(key, self._empty.copy())
            row[column] += credit
            row[column + 1] += value
        self._check_size()

    def add_spend(self, sums: Mapping[tuple[str, Named], Sum]) -> None:
        """Add what was spent on each ad on each day. Raises Refusal if there are too many rows."""
        apart = "goal" in self._query.by
        for (day, ad), numbers in sums.items():
            (key,) = self._ads.keys([ad])
            group = self._group("", day, 0) if not apart else {}
            row = self.apart if apart else group.get(key) or group.setdefault(key, self._empty.copy())
            for place, number in enumerate(numbers, -WIDTH):
                row[place] += number
        self._check_size()

    def report(self) -> Report:
        """Make the report, with the rows of the query's page. They are sorted while they are still numbers."""
        lines, lost = dict(self._lines()), dict(self._lost())
        keys, after = page_of({key: line.own for key, line in lines.items()}, self._query.by, self._query.page)
        nobody = [group[None] for group in self._groups.values() if None in group]
        everything = [self.apart, *(row for group in self._groups.values() for row in group.values())]
        return Report(
            rows=[row(key, lines[key], self._query) for key in keys],
            unattributed=unattributed_of(self._sum_of(nobody), lost_rows(lost, self._query)),
            totals=totals_of(self._sum_of(everything), self._query),
            next=after,
        )

    def _sum_of(self, sums: Sequence[Sum]) -> Sum:
        return [sum([row[place] for row in sums]) for place in range(len(self._empty))]

    def _lines(self) -> Iterator[tuple[Key, Line]]:
        """The rows of the report. Where no key is an ad's, a row has what is unattributed beside it."""
        for head, group in self._groups.items():
            if not self._ads.names:
                line = Line(group.get((), self._empty), group.get(None, self._empty))
                if any(line.own) or any(line.lost or ()):
                    yield self._key(head, ()), line
                continue
            yield from ((self._key(head, ad), Line(own)) for ad, own in group.items() if ad is not None and any(own))

    def _lost(self) -> Iterator[tuple[Head, Sum]]:
        """What is unattributed by the other keys, if rows are by ad."""
        if self._ads.names:
            yield from ((head, group[None]) for head, group in self._groups.items() if any(group.get(None, ())))

    def _key(self, head: Head, ad: AdKey) -> Key:
        """A row's sort key: its `by` keys. By ad, a configured ad comes before an unconfigured one of the same name."""
        values = (*head, *ad)
        keys = tuple([values[place] for place in self._places])
        return (*keys, ad[-1]) if "ad" in self._ads.names else keys

    def _groups_of(self, goal: str, days: Iterable[str], bucket: int) -> list[dict[AdKey | None, Sum] | None]:
        """The group of each day; None if the query leaves out the goal or the day."""
        wanted = self._query.takes_goal(goal)
        return [self._group(goal, day, bucket) if wanted and day in self._query else None for day in days]

    def _group(self, goal: str, day: str, bucket: int) -> dict[AdKey | None, Sum]:
        return self._groups.setdefault(self._heads.key(goal, day, bucket), {})

    def _check_size(self) -> None:
        check_size(sum(map(len, self._groups.values())))


def check_size(rows: int) -> None:
    """Check the number of rows. Raises Refusal if it is too large."""
    if rows > MAX_ROWS:
        detail = f"The report has more than {MAX_ROWS} rows; take fewer keys or a shorter range."
        raise Refusal(400, "too_many_rows", detail, "by")


def make_report(
    clicks: Iterable[tuple[str, Cell]],
    credit: Iterable[tuple[str, str, Cell]],
    query: Query,
    site: SiteConfig,
    spend: Mapping[tuple[str, Named], Sum] | None = None,
) -> tuple[Report, set[tuple[str, str]]]:
    """Make the report of a query from its cells: those of clicks with their day, those of credit with their model and
    day; and from what was spent. Also return the goals and months in it. Raises Refusal."""
    adder = CellAdder(query, site)
    for day, cell in clicks:
        adder.add_clicks(day, cell)
    for model, day, cell in credit:
        adder.add_credit(model, day, cell)
    adder.add_spend(spend or {})
    return adder.report(), adder.months
