"""Learnt: lists the months whose fits a report's credit is based on, and the months from which nothing could be learnt.
Pure."""

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
    """A month from which the data-driven models learnt nothing about these goals (keys)."""

    month: Month
    goals: list[str]


class LearntMonths(msgspec.Struct, frozen=True):
    """The fits that a report's data-driven credit is based on."""

    months: Annotated[list[Month], Meta(description="Months whose fits the credit is based on.")]
    missing: Annotated[
        list[MissingFit],
        Meta(description="Months from which nothing was learnt about some goals. Their credit is divided evenly."),
    ]


#: A goal's uid, and a month of its conversions.
Needed = tuple[str, str]


def describe_learnt(store: Store, site: SiteConfig, needed: Collection[Needed]) -> LearntMonths:
    """List the months with usable fits, and the months from which nothing was learnt about a goal.

    `needed`: the goals and months of the report's conversions. Each conversion is divided by the fit of the month
    before.
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
    """Whether there is a usable fit."""
    return learnt is not None and learnt.is_usable
