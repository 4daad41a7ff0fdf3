"""Adjustments: lists the refunds and other adjustments of a conversion, each with its effect and exchange rate.
Pure."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.facts.records import Adjustment, order_key
from conversions.facts.value import AmountRow, convert_amount, is_foreign
from conversions.rules.rates import rate_text
from conversions.rules.reasons import AdjustmentEffect
from conversions.rules.site import SiteConfig
from conversions.units.formats import Amount, Day, Instant
from conversions.units.micros import six_places
from conversions.verdicts.claims import Verdict
from tracker.collection.hit import AdjustmentKind, iso


class AppliedRate(msgspec.Struct, frozen=True):
    """The exchange rate with which an amount was converted into the site's currency."""

    rate: Annotated[str, Meta(description="With twelve decimal places.")]
    day: Annotated[Day, Meta(description="The day of the rate table from which the rate comes.")]


class ExplainedAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A refund, a restatement, a retraction or a restoration of the order."""

    hit: str
    kind: AdjustmentKind
    at: Instant
    value: Amount | None
    currency: str
    rate: Annotated[AppliedRate | None, Meta(description="Null if the currency is the site's, or if no rate is known.")]
    effect: AdjustmentEffect
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]


def describe_adjustment(
    row: Adjustment, effect: AdjustmentEffect, site: SiteConfig, archive_key: Callable[[str], str | None]
) -> ExplainedAdjustment:
    """Return an adjustment as an explanation shows it, with its effect and its exchange rate. `archive_key`: batch id
    -> the key of the archive's object."""
    return ExplainedAdjustment(
        hit=row.hit,
        kind=row.kind,
        at=iso(row.at),
        value=None if row.value is None else six_places(row.value),
        currency=row.currency or site.currency,
        rate=describe_rate(row, site),
        effect=effect,
        batch=row.batch or None,
        archive_key=archive_key(row.batch),
    )


def describe_rate(row: AmountRow, site: SiteConfig) -> AppliedRate | None:
    """Return the exchange rate with which an amount was converted. None if the amount is in the site's currency or no
    rate is known."""
    rate = site.rate(row.currency, row.at) if is_foreign(row, site) else None
    return AppliedRate(rate_text(rate.worth), rate.day) if rate else None


def effects_of(verdict: Verdict, site: SiteConfig) -> list[tuple[Adjustment, AdjustmentEffect]]:
    """List the adjustments of a conversion with their effects, in the order in which they are applied."""
    restated = [n for n, row in enumerate(verdict.adjustments) if row.kind == "restate"]
    settled = restated[-1] if restated else 0
    effects: list[tuple[Adjustment, AdjustmentEffect]] = []
    for n, row in enumerate(verdict.adjustments):
        effects.append((row, "superseded" if n < settled else _own_effect(row, site)))
    effects.extend((row, "duplicate") for row in verdict.copies)
    return sorted(effects, key=lambda pair: order_key(pair[0]))


def _own_effect(row: Adjustment, site: SiteConfig) -> AdjustmentEffect:
    return "no_rate" if row.kind in ("restate", "refund") and convert_amount(row, site)[1] else "applied"
