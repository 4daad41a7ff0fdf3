"""Listed: makes the row of a conversion in the list of conversions, with the ads that get credit under one model. The
list leaves out conversions that don't meet its filters. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from conversions.attribution.credit import ONE
from conversions.attribution.fit import Learnt
from conversions.explain.wanted import Wanted
from conversions.facts.ad_names import AdName
from conversions.facts.records import conversion_id
from conversions.filters.ad_values import AdValues
from conversions.filters.filters import AD_KEYS, takes_ad, takes_goal, takes_no_ad
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
    included: Annotated[bool, Meta(description="Whether the ad meets the list's filters.")]


class Reported(msgspec.Struct, frozen=True):
    """What a conversion adds to the totals of a report with the list's model and filters."""

    conversions: Amount
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
    reported: Reported
    ads: Annotated[
        list[CreditedAd],
        Meta(description="The ads with credit under the model, the largest share first; empty if no ad has credit."),
    ]


class AdShare(NamedTuple):
    """The credit and the value (micros) that an ad gets of a conversion."""

    name: AdName
    credit: int
    value: int


class Lister:
    """Makes the rows of a list of conversions. It leaves out the conversions that don't meet the list's filters."""

    def __init__(self, site: SiteConfig, wanted: Wanted) -> None:
        self._site = site
        self._wanted = wanted
        self._values = AdValues(site, {*wanted.filters} & {*AD_KEYS})

    def row(self, case: Case, names: Names, learnt: Mapping[str, Learnt]) -> ListedConversion | None:
        """Return a decided conversion as a row; None if it doesn't meet the filters. `learnt`: goal uid -> what the
        data-driven models learnt from the month before."""
        if not is_wanted(case, self._wanted):
            return None
        ads = credited_ads(self._site, case, names, self._wanted.model, learnt)
        if self._wanted.attributed not in (None, bool(ads)):
            return None
        included = [self._takes(one.name) for one in ads]
        taken = [(one.credit, one.value) for one, kept in zip(ads, included, strict=True) if kept]
        if not ads and takes_no_ad(self._wanted.filters):
            taken = [(ONE, case.verdict.value) if case.reason is None else (0, 0)]
        return make_row(self._site, case, zip(ads, included, strict=True), taken) if taken else None

    def _takes(self, name: AdName) -> bool:
        return takes_ad(self._wanted.filters, self._values.of((name.ad, name.campaign, name.configured)))


def is_wanted(case: Case, wanted: Wanted) -> bool:
    """Whether a conversion meets the filters of a list. The filters on ads are not checked here."""
    verdict = case.verdict
    return (
        takes_goal(wanted.filters, verdict.goal.uid)
        and wanted.counted in (None, case.reason is None)
        and (wanted.least is None or verdict.value >= wanted.least)
        and (wanted.most is None or verdict.value <= wanted.most)
    )


def credited_ads(site: SiteConfig, case: Case, names: Names, model: str, learnt: Mapping[str, Learnt]) -> list[AdShare]:
    """Return what each ad gets of a conversion under a model, the largest share first. Empty if the conversion doesn't
    count."""
    if case.reason is not None:
        return []
    verdict, sums = case.verdict, dict[AdName, tuple[int, int]]()
    path = path_of(verdict, case.touches)
    for share in shares(verdict, path, [model], site.terms, learnt.get(verdict.goal.uid))[model]:
        name = names.name(share.touch)
        credit, value = sums.get(name, (0, 0))
        sums[name] = credit + share.credit, value + share.value
    found = [AdShare(name, credit, value) for name, (credit, value) in sums.items() if credit or value]
    return sorted(found, key=lambda one: (-one.credit, one.name))


def make_row(
    site: SiteConfig, case: Case, ads: Iterable[tuple[AdShare, bool]], taken: Sequence[tuple[int, int]]
) -> ListedConversion:
    """Return a decided conversion as a row. `ads`: what each ad gets of the conversion, and whether the ad meets the
    list's filters. `taken`: the credits and values (micros) that meet the list's filters."""
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
        reported=Reported(*(six_places(sum(column)) for column in zip(*taken, strict=True))),
        ads=[
            CreditedAd(name.ad, name.campaign, name.configured, six_places(credit), six_places(value), kept)
            for (name, credit, value), kept in ads
        ],
    )
