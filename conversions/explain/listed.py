"""Listed: makes the row of a conversion in the list of conversions, with the ads that get credit under one model.
Pure."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.attribution.fit import Learnt
from conversions.facts.ad_names import AdName
from conversions.facts.records import conversion_id
from conversions.rules.reasons import ConversionReason
from conversions.rules.site import SiteConfig
from conversions.units.formats import Amount, Instant
from conversions.units.micros import six_places
from conversions.verdicts.cases import Case
from conversions.verdicts.naming import Names
from conversions.verdicts.paths import path_of, shares
from tracker.collection.hit import iso


class ListedGoal(msgspec.Struct, frozen=True):
    """The goal, and the version that the conversion met."""

    key: str
    version: int


class CreditedAd(msgspec.Struct, frozen=True):
    """The credit and the value that an ad gets of a conversion, by all of its touches together."""

    ad: Annotated[str, Meta(description="The ad's name in reports.")]
    campaign: str
    configured: bool
    credit: Amount
    value: Amount


class ListedConversion(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion in the list of conversions. Its duplicates are not listed: `/api/conversions/ID` has them."""

    id: str
    goal: ListedGoal
    at: Instant
    hit: str
    order: str | None
    visitor: str
    value: Amount
    currency: Annotated[str, Meta(description="The site's currency.")]
    counted: bool
    reason: Annotated[ConversionReason | None, Meta(description="Why it doesn't count.")]
    ads: Annotated[
        list[CreditedAd],
        Meta(description="The ads with credit under the model, the largest share first; empty if no ad has credit."),
    ]


def list_case(site: SiteConfig, case: Case, names: Names, model: str, learnt: Mapping[str, Learnt]) -> ListedConversion:
    """Return a decided conversion as a row of the list of conversions. `learnt`: goal uid -> what the data-driven
    models learnt from the month before."""
    verdict, winner = case.verdict, case.verdict.winner
    return ListedConversion(
        id=conversion_id(site.key, verdict.goal.uid, winner.claim),
        goal=ListedGoal(verdict.goal.key, verdict.version.version),
        at=iso(winner.at),
        hit=winner.hit,
        order=winner.order or None,
        visitor=winner.visitor,
        value=six_places(verdict.value),
        currency=site.currency,
        counted=case.reason is None,
        reason=case.reason,
        ads=credited_ads(site, case, names, model, learnt),
    )


def credited_ads(
    site: SiteConfig, case: Case, names: Names, model: str, learnt: Mapping[str, Learnt]
) -> list[CreditedAd]:
    """List the ads that get credit for a conversion under a model, the largest share first. Empty if the conversion
    doesn't count."""
    if case.reason is not None:
        return []
    verdict, sums = case.verdict, dict[AdName, tuple[int, int]]()
    path = path_of(verdict, case.touches)
    for share in shares(verdict, path, [model], site.terms, learnt.get(verdict.goal.uid))[model]:
        name = names.name(share.touch)
        credit, value = sums.get(name, (0, 0))
        sums[name] = credit + share.credit, value + share.value
    largest = sorted((-credit, name, value) for name, (credit, value) in sums.items() if credit or value)
    return [
        CreditedAd(name.ad, name.campaign, name.configured, six_places(-credit), six_places(value))
        for credit, name, value in largest
    ]
