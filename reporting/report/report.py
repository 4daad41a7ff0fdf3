"""Report: adds up the cells of a report's days to rows, unattributed amounts and totals. Pure.

Amounts are whole numbers (micros) until the end. Therefore the rows and the unattributed amounts add up exactly to the
totals.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conversions.facts.ad_names import Named
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from reporting.figures.cells import decode_clicks, decode_credit
from reporting.report.costs import WIDTH
from reporting.report.keys import LEFT_OUT, AdKey, AdKeys, Head, HeadKeys
from reporting.report.paging import Key, page_of
from reporting.report.query import Query
from reporting.report.rows import Line, Report, Sum, row, totals_of, unattributed_of, unattributed_rows
from tracker.collection.refusal import Refusal

#: The most rows of a report. An answer with more would be too large, and nobody would read it.
MAX_ROWS = 100_000


class CellAdder:
    """Adds up the cells of a report's days to its rows. It reads the columns of a cell directly, because an object for
    each entry of a cell would take too long."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        #: Clicks and views of a report by goal. They belong to no goal and are counted apart from the report's rows.
        self.without_goal = query.empty_sum()
        self._empty = query.empty_sum()
        #: The (goal uid, month) pairs of all conversions that were added.
        self.months: set[tuple[str, str]] = set()
        self._query = query
        self._heads = HeadKeys(query, site)
        self._ads = AdKeys(query, site)
        names = (*self._heads.names, *self._ads.names)
        #: For each key of `by`, its index in HeadKeys and AdKeys taken together.
        self._places = [names.index(name) for name in query.by]
        #: Goal and time -> the sums of each ad. The ad None stands for unattributed amounts.
        self._groups: dict[Head, dict[AdKey | None, Sum]] = {}

    def add_clicks(self, day: str, cell: Cell) -> None:
        """Add the clicks and views in a cell of this day. Raises Damaged; raises Refusal if the report gets too many
        rows."""
        found = decode_clicks(cell)
        by_goal = "goal" in self._query.by
        group = {} if by_goal else self._group("", day, cell.start)
        for key, clicks, views in zip(self._ads.keys(found.ads), found.clicks, found.views, strict=True):
            if key is LEFT_OUT:
                continue
            row = self.without_goal if by_goal else group.get(key) or group.setdefault(key, self._empty.copy())
            row[0] += clicks
            row[1] += views
        self._check_size()

    def add_credit(self, model: str, day: str, cell: Cell) -> None:
        """Add the credit and value in a model's cell of this day. If the cell is by the touch's day, only touches of
        the report's days are added. Raises Damaged; raises Refusal if the report gets too many rows."""
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
        """Add what each ad cost on each day. `sums`: (day, ad) -> numbers of spend. Raises Refusal if the report gets
        too many rows."""
        by_goal = "goal" in self._query.by
        for (day, ad), numbers in sums.items():
            (key,) = self._ads.keys([ad])
            group = self._group("", day, 0) if not by_goal else {}
            row = self.without_goal if by_goal else group.get(key) or group.setdefault(key, self._empty.copy())
            for place, number in enumerate(numbers, -WIDTH):
                row[place] += number
        self._check_size()

    def report(self) -> Report:
        """Make the report from all cells that were added. It has only the rows of the query's page, but the totals of
        all rows."""
        lines, nobodys = dict(self._lines()), dict(self._unattributed())
        keys, after = page_of({key: line.own for key, line in lines.items()}, self._query.by, self._query.page)
        nobody = [group[None] for group in self._groups.values() if None in group]
        everything = [self.without_goal, *(row for group in self._groups.values() for row in group.values())]
        return Report(
            rows=[row(key, lines[key], self._query) for key in keys],
            unattributed=unattributed_of(self._sum_of(nobody), unattributed_rows(nobodys, self._query)),
            totals=totals_of(self._sum_of(everything), self._query),
            next=after,
        )

    def _sum_of(self, sums: Sequence[Sum]) -> Sum:
        return [sum([row[place] for row in sums]) for place in range(len(self._empty))]

    def _lines(self) -> Iterator[tuple[Key, Line]]:
        """Yield the key and the sums of each row. If the rows are not by ad (nor campaign, channel and so on), a row
        also has its unattributed amounts."""
        for head, group in self._groups.items():
            if not self._ads.names:
                line = Line(group.get((), self._empty), group.get(None, self._empty))
                if any(line.own) or any(line.unattributed or ()):
                    yield self._key(head, ()), line
                continue
            yield from ((self._key(head, ad), Line(own)) for ad, own in group.items() if ad is not None and any(own))

    def _unattributed(self) -> Iterator[tuple[Head, Sum]]:
        """If the rows are by ad (or campaign, channel and so on), yield the unattributed amounts of each goal and
        time."""
        if self._ads.names:
            yield from ((head, group[None]) for head, group in self._groups.items() if any(group.get(None, ())))

    def _key(self, head: Head, ad: AdKey) -> Key:
        """Return a row's key: its values in the order of `by`. In reports by ad, the key ends with whether the ad is
        unconfigured, because a configured and an unconfigured ad may have the same name."""
        values = (*head, *ad)
        keys = tuple([values[place] for place in self._places])
        return (*keys, ad[-1]) if "ad" in self._ads.names else keys

    def _groups_of(self, goal: str, days: Iterable[str], bucket: int) -> list[dict[AdKey | None, Sum] | None]:
        """Return for each day the sums of a goal, by ad. If the report excludes the day or the goal, return None for
        this day."""
        wanted = self._query.takes_goal(goal)
        return [self._group(goal, day, bucket) if wanted and day in self._query else None for day in days]

    def _group(self, goal: str, day: str, bucket: int) -> dict[AdKey | None, Sum]:
        return self._groups.setdefault(self._heads.key(goal, day, bucket), {})

    def _check_size(self) -> None:
        check_size(sum(map(len, self._groups.values())))


def check_size(rows: int) -> None:
    """Check that a report doesn't have too many rows. Raises Refusal."""
    if rows > MAX_ROWS:
        detail = f"The report has more than {MAX_ROWS} rows; take fewer keys or a shorter range."
        raise Refusal(400, "too_many_rows", detail, "by")


def report_of_cells(
    clicks: Iterable[tuple[str, Cell]],
    credit: Iterable[tuple[str, str, Cell]],
    query: Query,
    site: SiteConfig,
    spend: Mapping[tuple[str, Named], Sum] | None = None,
) -> tuple[Report, set[tuple[str, str]]]:
    """Make a report from cells. Also return the (goal uid, month) pairs of its conversions. Raises Refusal.

    `clicks`: (day, cell with clicks and views). `credit`: (model, day, cell with credit). `spend`: (day, ad) -> numbers
    of spend.
    """
    adder = CellAdder(query, site)
    for day, cell in clicks:
        adder.add_clicks(day, cell)
    for model, day, cell in credit:
        adder.add_credit(model, day, cell)
    adder.add_spend(spend or {})
    return adder.report(), adder.months
