"""Unrated: what of a conversion's value no rate is known for, in the currencies in which it came. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from conversions.facts.records import Adjustment
from conversions.facts.value import ClaimRow, is_foreign, money
from conversions.rules.site import SiteConfig
from conversions.units.micros import six_places, times
from conversions.verdicts.claims import Verdict


def unrated(verdict: Verdict, site: SiteConfig) -> dict[str, int]:
    """Currency -> micros of it that would be part of the value, were there a rate; times the goal's factor.

    Amounts of a currency that cancel each other out leave it there with 0; without a missing rate nothing is there.
    """
    sums: Counter[str] = Counter()
    for row in amounts_of(verdict):
        if is_foreign(row, site) and money(row, site)[1]:
            amount = times(row.value or 0, verdict.version.factor)
            sums[row.currency] += -amount if isinstance(row, Adjustment) and row.kind == "refund" else amount
    return dict(sorted(sums.items()))


def amounts_of(verdict: Verdict) -> Iterator[ClaimRow]:
    """The rows whose amounts the value is made of: of those that fold, the last restatement and what follows it."""
    restated = [n for n, row in enumerate(verdict.adjustments) if row.kind == "restate"]
    if not restated and verdict.version.fixed_value is None:
        yield verdict.winner
    yield from (row for row in verdict.adjustments[restated[-1] if restated else 0 :] if row.kind != "retract")


def describe_unrated(conversions: int, amounts: Mapping[str, int]) -> dict[str, Any]:
    """How many conversions want a rate, and by currency what they lack, in it; by reason, as plain JSON types."""
    values = {currency: six_places(amount) for currency, amount in sorted(amounts.items())}
    return {"no_rate": {"conversions": conversions, "values": values}}
