"""Touches: describes each touch of a conversion, with its credit under every model, or with the reason why it gets
none. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.attribution.credit import LEARNED, MODELS
from conversions.attribution.fit import Learnt
from conversions.facts.ad_names import AdName
from conversions.facts.records import OrderKey, Touch, TouchKind, order_key
from conversions.rules.ads import UTM_TAGS
from conversions.rules.reasons import TouchReason, WeighReason
from conversions.rules.site import SiteConfig
from conversions.units.clock import day_of
from conversions.units.formats import Amount, Day, Instant, Month
from conversions.units.micros import six_places
from conversions.verdicts.cases import Case
from conversions.verdicts.paths import Share, Touchpoint, shares, weigh_reasons
from tracker.collection.hit import iso

NOTHING = {model: six_places(0) for model in MODELS}

#: Model -> `order_key` of a touch -> the touch's share.
Earned = Mapping[str, Mapping[OrderKey, Share]]


class AmountByModel(msgspec.Struct, frozen=True, kw_only=True):
    """A number of conversions or an amount of money under each model."""

    last: Amount
    first: Amount
    linear: Amount
    time_decay: Amount
    position: Amount
    markov: Amount
    shapley: Amount

    def items(self) -> list[tuple[str, Amount]]:
        """List the models and their amounts, as pairs."""
        return list(msgspec.structs.asdict(self).items())


class ModelNote(msgspec.Struct, frozen=True):
    """From which month a data-driven model learnt. If the model could not give each ad its own weight, the note has the
    reason."""

    fit: Annotated[Month | None, Meta(description="The month from which the model learnt; null if it isn't needed.")]
    reason: Annotated[WeighReason | None, Meta(description="Why the model could not weigh each ad. Null if it did.")]


class ModelNotes(msgspec.Struct, frozen=True, kw_only=True):
    """A ModelNote for each data-driven model: from which month it learnt."""

    markov: ModelNote
    shapley: ModelNote

    def items(self) -> list[tuple[str, ModelNote]]:
        """List the data-driven models and their notes, as pairs."""
        return list(msgspec.structs.asdict(self).items())


class ExplainedTouch(msgspec.Struct, frozen=True, kw_only=True):
    """A click or a view of the conversion's persons, with its credit."""

    hit: str
    ad: Annotated[str, Meta(description="The ad's name in reports.")]
    campaign: str
    configured: bool
    kind: TouchKind
    at: Instant
    day: Annotated[Day, Meta(description="By the site's calendar.")]
    visitor: str
    eligible: bool
    reason: Annotated[TouchReason | None, Meta(description="Why it is not eligible.")]
    credit: AmountByModel
    value: AmountByModel
    parameters: Annotated[dict[str, str], Meta(description="The raw parameters of the touch.")]
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]


def describe_touch(
    point: Touchpoint, name: AdName, earned: Earned, site: SiteConfig, archive_key: Callable[[str], str | None]
) -> ExplainedTouch:
    """Return a touch as an explanation shows it, with the name of its ad and its credit."""
    touch, place = point.touch, order_key(point.touch)
    mine = {model: by_place[place] for model, by_place in earned.items() if place in by_place}
    return ExplainedTouch(
        hit=touch.hit,
        ad=name.ad,
        campaign=name.campaign,
        configured=name.configured,
        kind=touch.kind,
        at=iso(touch.at),
        day=day_of(touch.at, site.timezone),
        visitor=touch.visitor,
        eligible=point.reason is None,
        reason=point.reason,
        credit=AmountByModel(**{**NOTHING, **{model: six_places(share.credit) for model, share in mine.items()}}),
        value=AmountByModel(**{**NOTHING, **{model: six_places(share.value) for model, share in mine.items()}}),
        parameters=parameters_of(touch),
        batch=touch.batch or None,
        archive_key=archive_key(touch.batch),
    )


def parameters_of(touch: Touch) -> dict[str, str]:
    """Return the raw parameters of a touch: the ad that it names, utm tags, click ids and the custom parameters of the
    ad's link."""
    names = ("ad", *UTM_TAGS, "network", "click_id")
    own = {name: value for name in names if (value := getattr(touch, name))}
    return {**dict(touch.others), **dict(touch.other_ids), **own}


def earned_shares(case: Case, path: Sequence[Touchpoint], site: SiteConfig, learnt: Learnt | None) -> Earned:
    """Compute the share of each touch under each model. Empty if the conversion doesn't count."""
    if case.reason is not None:
        return {}
    earned = shares(case.verdict, path, MODELS, site.terms, learnt)
    return {model: {order_key(one.touch): one for one in parts} for model, parts in earned.items()}


def describe_models(month: str | None, eligible: Sequence[Touchpoint], learnt: Learnt | None) -> ModelNotes:
    """Return a note for each data-driven model: from which month it learnt, and why it could not give each ad its own
    weight.

    `month`: None if the conversion has nothing to divide.
    """
    reasons = weigh_reasons(eligible, learnt) if month else dict.fromkeys(LEARNED)
    return ModelNotes(**{model: ModelNote(month, reason) for model, reason in reasons.items()})
