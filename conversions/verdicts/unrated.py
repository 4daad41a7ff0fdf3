"""Unrated: lists the amounts that are missing in a conversion's value because no exchange rate is known. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.facts.records import Adjustment
from conversions.facts.value import AmountRow, convert_amount, is_foreign
from conversions.rules.site import SiteConfig
from conversions.units.formats import Amount
from conversions.units.micros import multiply, six_places
from conversions.verdicts.claims import Verdict


class NoRate(msgspec.Struct, frozen=True):
    """Value that is missing because no exchange rate of its day is known. This value counts as soon as a rate is
    loaded."""

    conversions: Annotated[int, Meta(description="How many counted conversions lack some of their value.")]
    values: Annotated[dict[str, Amount], Meta(description="The missing amounts: currency -> amount in that currency.")]


class Unrated(msgspec.Struct, frozen=True):
    """The missing value of several conversions, by the reason why it is missing."""

    no_rate: NoRate


def unrated(verdict: Verdict, site: SiteConfig) -> dict[str, int]:
    """Return the amounts that are missing in a conversion's value because no rate is known: currency -> micros of this
    currency, multiplied by the goal's factor.

    Empty if no rate is missing. If the amounts of a currency cancel out, the result has this currency with 0.
    """
    sums: Counter[str] = Counter()
    for row in amounts_of(verdict):
        if is_foreign(row, site) and convert_amount(row, site)[1] == "no_rate":
            amount = multiply(row.value or 0, verdict.version.factor)
            sums[row.currency] += -amount if isinstance(row, Adjustment) and row.kind == "refund" else amount
    return dict(sorted(sums.items()))


def amounts_of(verdict: Verdict) -> Iterator[AmountRow]:
    """List the rows whose amounts make up the value: the last restatement and all refunds after it.

    Without a restatement: all refunds, and the conversion itself unless the goal has a fixed value.
    """
    restated = [n for n, row in enumerate(verdict.adjustments) if row.kind == "restate"]
    if not restated and verdict.version.fixed_value is None:
        yield verdict.winner
    yield from (
        row for row in verdict.adjustments[restated[-1] if restated else 0 :] if row.kind in ("restate", "refund")
    )


def describe_unrated(conversions: int, amounts: Mapping[str, int]) -> Unrated:
    """Make the part of an API's answer that says which value is missing. `conversions`: how many conversions lack some
    of their value. `amounts`: currency -> micros."""
    values = {currency: six_places(amount) for currency, amount in sorted(amounts.items())}
    return Unrated(NoRate(conversions, values))
