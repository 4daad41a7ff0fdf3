"""Change: lists what an import of spend changes: costs by currency, and the days whose cost changes. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.units.formats import Amount, Day
from conversions.units.micros import six_places

#: Day and currency -> micros.
Costs = Mapping[tuple[str, str], int]


class ChangedDay(msgspec.Struct, frozen=True):
    """A day on which the cost that a source reports changes. The amounts are in `currency`."""

    day: Day
    currency: str
    before: Annotated[Amount, Meta(description="The cost before the import, in this currency.")]
    after: Annotated[Amount, Meta(description="The cost after the import, in this currency.")]


def by_currency(costs: Costs) -> dict[str, str]:
    """Add up the costs of all days. `costs`: (day, currency) -> micros. Returns currency -> cost, as decimal text."""
    sums: Counter[str] = Counter()
    for (_, currency), cost in costs.items():
        sums[currency] += cost
    return {currency: six_places(cost) for currency, cost in sorted(sums.items())}


def changed_days(before: Costs, after: Costs) -> list[ChangedDay]:
    """List the days and currencies whose cost changes, in order. `before`, `after`: (day, currency) -> micros."""
    return [
        ChangedDay(*key, six_places(before.get(key, 0)), six_places(after.get(key, 0)))
        for key in sorted({*before, *after})
        if before.get(key, 0) != after.get(key, 0)
    ]


def count_unchanged(before: Costs, after: Costs) -> int:
    """Count the days and currencies whose cost stays the same. `before`, `after`: (day, currency) -> micros."""
    return sum(before[key] == after[key] for key in {*before} & {*after})
