"""Learnt: lists for a report with a data-driven model from which months the model learnt, and from which months it
could learn nothing. Pure."""

from collections.abc import Collection
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.attribution.fit import Learnt
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import next_month
from conversions.units.formats import Month
from conversions.verdicts.fits import read_learnt


class MissingFit(msgspec.Struct, frozen=True):
    """A month from which the data-driven models could learn nothing about some goals, given by their keys."""

    month: Month
    goals: list[str]


class LearntMonths(msgspec.Struct, frozen=True):
    """The months from which the data-driven models of a report learnt."""

    months: Annotated[list[Month], Meta(description="Months whose fits the credit is based on.")]
    missing: Annotated[
        list[MissingFit],
        Meta(description="Months from which nothing was learnt about some goals. Their credit is divided evenly."),
    ]


#: A goal's uid, and a month of its conversions.
Needed = tuple[str, str]


def describe_learnt(store: Store, site: SiteConfig, needed: Collection[Needed]) -> LearntMonths:
    """List the months from which the data-driven models of a report learnt, and the months from which they could learn
    nothing about a goal.

    `needed`: the (goal uid, month) pairs of the report's conversions. The models divide a conversion by what they
    learnt from the month before it.
    """
    keys = {goal.uid: goal.key for goal in site.goals}
    months: list[Month] = []
    missing: list[MissingFit] = []
    for month in sorted({month for _, month in needed}):
        before = next_month(month, -1)
        learnt = read_learnt(store, site, before)
        lacking = sorted(keys.get(uid, uid) for uid, own in needed if own == month and not is_learnt(learnt.get(uid)))
        if lacking:
            missing.append(MissingFit(before, lacking))
        if len(lacking) < sum(own == month for _, own in needed):
            months.append(before)
    return LearntMonths(months, missing)


def is_learnt(learnt: Learnt | None) -> bool:
    """Whether the models learnt anything about a goal. `learnt`: its fit; None if there is none."""
    return learnt is not None and learnt.is_usable
