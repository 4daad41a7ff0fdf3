"""Unrated: a verdict -> the part of its value for which no rate is known, by currency. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.facts.records import Adjustment
from conversions.facts.value import AmountRow, is_foreign, money
from conversions.rules.site import SiteConfig
from conversions.units.formats import Amount
from conversions.units.micros import six_places, times
from conversions.verdicts.claims import Verdict


class NoRate(msgspec.Struct, frozen=True):
    """Value that is left out because no exchange rate of its day is known. Once a rate is loaded, the value counts."""

    conversions: Annotated[int, Meta(description="Counted conversions of whose value some is left out.")]
    values: Annotated[dict[str, Amount], Meta(description="The amounts left out: currency -> amount in that currency.")]


class Unrated(msgspec.Struct, frozen=True):
    """The unrated value of several conversions, by reason."""

    no_rate: NoRate


def unrated(verdict: Verdict, site: SiteConfig) -> dict[str, int]:
    """Currency -> the amount that is left out of the value because no rate is known: micros of this currency, times the
    goal's factor.

    If the amounts of a currency cancel each other out, the currency is in the result with 0. If no rate is missing, the
    result is empty.
    """
    sums: Counter[str] = Counter()
    for row in amounts_of(verdict):
        if is_foreign(row, site) and money(row, site)[1] == "no_rate":
            amount = times(row.value or 0, verdict.version.factor)
            sums[row.currency] += -amount if isinstance(row, Adjustment) and row.kind == "refund" else amount
    return dict(sorted(sums.items()))


def amounts_of(verdict: Verdict) -> Iterator[AmountRow]:
    """The rows whose amounts make up the value: the last restatement and the refunds after it. Without a restatement:
    all refunds; and the conversion, if the goal has no fixed value."""
    restated = [n for n, row in enumerate(verdict.adjustments) if row.kind == "restate"]
    if not restated and verdict.version.fixed_value is None:
        yield verdict.winner
    yield from (
        row for row in verdict.adjustments[restated[-1] if restated else 0 :] if row.kind in ("restate", "refund")
    )


def describe_unrated(conversions: int, amounts: Mapping[str, int]) -> Unrated:
    """Write unrated value for an answer. `conversions`: how many have some. `amounts`: currency -> micros of this
    currency."""
    values = {currency: six_places(amount) for currency, amount in sorted(amounts.items())}
    return Unrated(NoRate(conversions, values))
