"""Change: what a source said of its days before, and what it says now -> the costs by currency, and the days on which
they change. Pure."""

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
    """A day on which a source's cost changes."""

    day: Day
    currency: str
    before: Annotated[Amount, Meta(description="In this currency.")]
    after: Annotated[Amount, Meta(description="In this currency.")]


def by_currency(costs: Costs) -> dict[str, str]:
    """Currency -> the cost of all days."""
    sums: Counter[str] = Counter()
    for (_, currency), cost in costs.items():
        sums[currency] += cost
    return {currency: six_places(cost) for currency, cost in sorted(sums.items())}


def changed_days(before: Costs, after: Costs) -> list[ChangedDay]:
    """The days and currencies of which the cost changes, in order."""
    return [
        ChangedDay(*key, six_places(before.get(key, 0)), six_places(after.get(key, 0)))
        for key in sorted({*before, *after})
        if before.get(key, 0) != after.get(key, 0)
    ]
