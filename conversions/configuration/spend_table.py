"""Spend table: stores spend. New rows replace the rows of the same source for the same days."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from conversions.models.spend import SpendRow
from conversions.spend.change import Costs
from conversions.spend.days import Days
from conversions.spend.lines import BadSpend, Problems, SpendLine, SpendNames
from conversions.spend.reader import SpendFile
from tracker.models import Site

#: A statement writes at most this many rows.
AT_ONCE = 1_000
#: Lines with the same day, currency and names are added up in a group. At most about this many groups are in memory.
IN_MEMORY = 10_000

Watch = Callable[[Iterable[SpendLine]], Iterable[SpendLine]]


class Imported(msgspec.Struct, frozen=True):
    """The result of an import. `first`, `last`: the first and the last day of the import. `lines`: how many lines of
    spend were read. `totals`: how many lines with totals were skipped. `form`: the name of the file's form, such as
    `Google Ads`; empty if there was no file.

    `before`, `after`: the costs that the source reported for these days before and after the import, as (day, currency)
    -> micros.
    """

    first: str
    last: str
    lines: int
    totals: int
    form: str
    before: Costs
    after: Costs


def check_spend(site: Site, source: str, file: SpendFile, watch: Watch = iter) -> Imported:
    """Read the whole file, and return what its import would change. Raises BadSpend with every bad line."""
    problems, first, last, count = Problems(), "", "", 0
    after: Counter[tuple[str, str]] = Counter()
    for line in watch(file.lines(problems)):
        count += 1
        first, last = min(first or line.day, line.day), max(last, line.day)
        after[line.day, line.currency] += line.cost
    if not count and not problems.count:
        problems.add("it has no lines of spend")
    if problems.count:
        raise BadSpend(problems.listed, problems.count)
    return Imported(
        first, last, count, file.totals, file.places.form.name, read_costs(site, source, first, last), after
    )


def import_spend(site: Site, source: str, file: SpendFile, watch: Watch = iter) -> Imported:
    """Check the file. Then replace what the source reported for the file's days. Both happen in one transaction. Raises
    BadSpend."""
    with transaction.atomic():
        # Another import of the same site must wait.
        Site.objects.select_for_update().get(pk=site.pk)
        found = check_spend(site, source, file, watch)
        problems = Problems()
        replace_rows(site, source, (found.first, found.last), watch(file.lines(problems)))
        if problems.count:
            raise BadSpend(["the file changed while it was read"])
    return found


def put_spend(site: Site, source: str, days: Days, lines: Sequence[SpendLine], dry_run: bool) -> Imported:
    """Replace what the source reported for these days by these lines, in one transaction. With `dry_run`, nothing is
    changed, and the result says what would change."""
    after: Counter[tuple[str, str]] = Counter()
    for line in lines:
        after[line.day, line.currency] += line.cost
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        before = read_costs(site, source, *days)
        if not dry_run:
            replace_rows(site, source, days, lines)
    return Imported(*days, len(lines), 0, "", before, after)


def replace_rows(site: Site, source: str, days: Days, lines: Iterable[SpendLine]) -> None:
    """Replace what the source reported for these days by these lines. Call it in a transaction."""
    rows_of(site, source, *days).delete()
    for rows in in_chunks(lines):
        made = (make_row(site, source, key, sums) for key, sums in rows.items() if any(sums))
        SpendRow.objects.bulk_create(made, batch_size=AT_ONCE)


def rows_of(site: Site, source: str, first: str, last: str) -> QuerySet[SpendRow]:
    """Query the rows that a source reported for these days, both days included."""
    return SpendRow.objects.filter(site=site, imported_as=source, day__gte=first, day__lte=last)


def read_costs(site: Site, source: str, first: str, last: str) -> Costs:
    """Add up the costs that a source reported for these days. Returns (day, currency) -> micros. The costs are added in
    Python, because a sum in the database may overflow."""
    costs: Counter[tuple[str, str]] = Counter()
    for day, currency, cost in rows_of(site, source, first, last).values_list("day", "currency", "cost").iterator():
        costs[day, currency] += cost
    return costs


Group = tuple[str, str, SpendNames]


def in_chunks(lines: Iterable[SpendLine]) -> Iterator[dict[Group, list[int]]]:
    """Add up the lines that have the same day, currency and names (tags, network and ad key). Yields dictionaries of
    group -> [cost, clicks, impressions], each with at most about IN_MEMORY groups."""
    rows: dict[Group, list[int]] = {}
    for line in lines:
        sums = rows.setdefault((line.day, line.currency, line.names), [0, 0, 0])
        for place, number in enumerate((line.cost, line.clicks, line.impressions)):
            sums[place] += number
        # A number in a row has 64 bits. If a sum may become larger, later lines go to another row.
        if len(rows) >= IN_MEMORY or max(map(abs, sums)) > 2**62:
            yield rows
            rows = {}
    yield rows


def make_row(site: Site, source: str, group: Group, sums: list[int]) -> SpendRow:
    """Make the database row of a group of lines. `sums`: the group's cost, clicks and impressions."""
    day, currency, names = group
    cost, clicks, impressions = sums
    named: dict[str, Any] = names._asdict()
    return SpendRow(
        site=site,
        imported_as=source,
        day=day,
        currency=currency,
        **named,
        cost=cost,
        clicks=clicks,
        impressions=impressions,
    )
