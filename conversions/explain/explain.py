"""Explain: a decided case -> why it is counted or not, and what each touch gets of it and why. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from conversions.attribution.credit import LEARNED, MODELS
from conversions.attribution.fit import Learnt
from conversions.explain.claimants import Claimants
from conversions.explain.rejected import RejectedBefore, describe_rejected_before
from conversions.facts.ad_names import AdName, name_touch
from conversions.facts.person import user_of
from conversions.facts.records import Adjustment, Conversion, OrderKey, Touch, conversion_id, order_key
from conversions.facts.value import is_foreign, money
from conversions.rules.ads import UTM_TAGS
from conversions.rules.rates import rate_text
from conversions.rules.reasons import AdjustmentEffect
from conversions.rules.site import SiteConfig
from conversions.rules.terms import Terms
from conversions.units.clock import DAY_MS, bucket_of, day_of
from conversions.units.micros import six_places
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Duplicate, Verdict
from conversions.verdicts.fits import month_before
from conversions.verdicts.naming import Names
from conversions.verdicts.paths import Share, Touchpoint, shares, weigh_reasons
from conversions.verdicts.unrated import unrated
from tracker.collection.hit import iso

#: Duplicates, adjustments and touches without credit: of each, this many are listed and the others counted.
MAX_LISTED = 1_000

Plain = dict[str, Any]
Earned = Mapping[str, Mapping[OrderKey, Share]]
NOTHING = {model: six_places(0) for model in MODELS}


class Explainer(msgspec.Struct, frozen=True):
    """Explains a site's cases.

    `read_names` gives a bucket's names, `archive_key` the archive's key of a batch id, `read_learnt` by the goal's uid
    what a month taught the data-driven models, `read_claimants` who the persons of a case are,
    `read_rejected_before` which of their hits were rejected.
    """

    site: SiteConfig
    read_names: Callable[[int], Names]
    archive_key: Callable[[str], str | None]
    read_learnt: Callable[[str], Mapping[str, Learnt]]
    read_claimants: Callable[[Case], Claimants] = lambda _: Claimants()
    read_rejected_before: Callable[[Case, Claimants], RejectedBefore] = lambda *_: RejectedBefore()

    def explain(self, case: Case) -> Plain:
        """The conversion of the contract. Credit and value of touches sum to what the report's rows have of it."""
        verdict = case.verdict
        steps, left_out = listed_steps(case.touchpoints())
        eligible = [step for step in steps if step.reason is None]
        credited = bool(eligible)
        month = month_before(verdict.winner.at, self.site) if case.reason is None and len(eligible) > 1 else None
        learnt = self.read_learnt(month).get(verdict.goal.uid) if month else None
        claimants = self.read_claimants(case)
        return {
            **self._head(verdict),
            **told_claimants(claimants),
            "counted": case.reason is None,
            "reason": case.reason,
            "attributed": case.reason is None and credited,
            "models": told_models(month, eligible, learnt),
            "duplicates": [self._duplicate(one) for one in verdict.duplicates[:MAX_LISTED]],
            "adjustments": self._adjustments(verdict),
            **self._source(verdict.winner.batch),
            "touches": self._touches(case, steps, learnt),
            "hits_set_aside": describe_rejected_before(self.read_rejected_before(case, claimants), self.archive_key),
            "left_out": {
                "duplicates": max(len(verdict.duplicates) - MAX_LISTED, 0),
                "adjustments": max(len(verdict.adjustments) + len(verdict.copies) - MAX_LISTED, 0),
                "touches": left_out,
                "uncounted_touches": case.is_cut,
            },
        }

    def _head(self, verdict: Verdict) -> Plain:
        winner = verdict.winner
        return {
            "id": conversion_id(self.site.key, verdict.goal.uid, winner.claim),
            "site": self.site.key,
            "goal": goal_of(verdict),
            "at": iso(winner.at),
            "bucket": iso(bucket_of(winner.at, self.site.timezone)),
            "day": day_of(winner.at, self.site.timezone),
            "hit": winner.hit,
            "order": winner.order or None,
            "visitor": winner.visitor,
            "value": six_places(verdict.value),
            "currency": self.site.currency,
            "value_reason": verdict.value_reason,
            "set_aside": {currency: six_places(amount) for currency, amount in unrated(verdict, self.site).items()},
            "sent": sent(winner),
            "rate": None if verdict.version.fixed_value is not None else self._rate(winner),
        }

    def _duplicate(self, duplicate: Duplicate) -> Plain:
        row = duplicate.conversion
        return {
            "hit": row.hit,
            "at": iso(row.at),
            "visitor": row.visitor,
            "goal_version": row.version,
            "sent": sent(row),
            "reason": duplicate.reason,
            **self._source(row.batch),
        }

    def _adjustments(self, verdict: Verdict) -> list[Plain]:
        effects = effects_of(verdict, self.site)
        return [
            {
                "hit": row.hit,
                "kind": row.kind,
                "at": iso(row.at),
                "value": None if row.value is None else six_places(row.value),
                "currency": row.currency or self.site.currency,
                "rate": self._rate(row),
                "effect": effect,
                **self._source(row.batch),
            }
            for row, effect in effects[:MAX_LISTED]
        ]

    def _rate(self, row: Conversion | Adjustment) -> Plain | None:
        """By what an amount of another currency was multiplied; None where it wasn't, or no rate is known."""
        rate = self.site.rate(row.currency, row.at) if is_foreign(row, self.site) else None
        return {"rate": rate_text(rate.worth), "day": rate.day} if rate else None

    def _touches(self, case: Case, steps: list[Touchpoint], learnt: Learnt | None) -> list[Plain]:
        earned = earned_by(case, steps, self.site.terms, learnt)
        name = self._namer(case, steps)
        return [self._touch(step, name(step.touch), earned) for step in steps]

    def _namer(self, case: Case, steps: list[Touchpoint]) -> Callable[[Touch], AdName]:
        """The names of the conversion's bucket; only an ad without configuration can be among the `(other)`."""
        if all(name_touch(step.touch, self.site.ads).configured for step in steps):
            return Names(self.site).name
        return self.read_names(bucket_of(case.verdict.winner.at, self.site.timezone)).name

    def _touch(self, step: Touchpoint, name: AdName, earned: Earned) -> Plain:
        place = order_key(step.touch)
        mine = {model: by_place[place] for model, by_place in earned.items() if place in by_place}
        return {
            "hit": step.touch.hit,
            "ad": name.ad,
            "campaign": name.campaign,
            "configured": name.configured,
            "kind": step.touch.kind,
            "at": iso(step.touch.at),
            "day": day_of(step.touch.at, self.site.timezone),
            "visitor": step.touch.visitor,
            "eligible": step.reason is None,
            "reason": step.reason,
            "credit": {**NOTHING, **{model: six_places(share.credit) for model, share in mine.items()}},
            "value": {**NOTHING, **{model: six_places(share.value) for model, share in mine.items()}},
            "parameters": parameters_of(step.touch),
            **self._source(step.touch.batch),
        }

    def _source(self, batch: str) -> Plain:
        return {"batch": batch or None, "archive_key": self.archive_key(batch)}


def told_claimants(claimants: Claimants) -> Plain:
    """Whose it is, everybody whose touches count for it, and who would, if not too many were that user or visitor."""
    return {
        "user": (claimants.persons[0].user or None) if claimants.persons else None,
        "persons": [
            {
                "user": person.user or None,
                "visitors": [
                    {
                        "visitor": member.visitor,
                        "links": [{"at": iso(link.at), "hit": link.hit} for link in member.links],
                    }
                    for member in person.members
                ],
                "more_visitors": person.more,
            }
            for person in claimants.persons
        ],
        "crowded": [
            {"user": user} if (user := user_of(person)) else {"visitor": person[2:]} for person in claimants.crowded
        ],
    }


def goal_of(verdict: Verdict) -> Plain:
    """The goal with the rules that decided."""
    version = verdict.version
    return {
        "key": verdict.goal.key,
        "version": version.version,
        "counting": version.counting,
        "click_window_days": version.click_window // DAY_MS,
        "view_window_days": version.view_window // DAY_MS,
    }


def sent(row: Conversion) -> Plain:
    """What the hit itself said of its value."""
    return {"value": None if row.value is None else six_places(row.value), "currency": row.currency or None}


def parameters_of(touch: Touch) -> dict[str, str]:
    """The raw parameters by which the ad is resolved, those that the touch has."""
    names = ("ad", *UTM_TAGS, "network", "click_id")
    return {name: value for name in names if (value := getattr(touch, name))}


def earned_by(case: Case, path: list[Touchpoint], terms: Terms, learnt: Learnt | None) -> Earned:
    """What each touch gets, by model and the touch's place; nothing of a conversion that isn't counted."""
    if case.reason is not None:
        return {}
    earned = shares(case.verdict, path, MODELS, terms, learnt)
    return {model: {order_key(one.touch): one for one in parts} for model, parts in earned.items()}


def told_models(month: str | None, eligible: list[Touchpoint], learnt: Learnt | None) -> dict[str, Plain]:
    """Of each data-driven model the month whose fit its credit needs, None where it needs none, and a reason where it
    was divided in another way than the model says.
    """
    reasons = weigh_reasons(eligible, learnt) if month else dict.fromkeys(LEARNED)
    return {model: {"fit": month, "reason": reason} for model, reason in reasons.items()}


def listed_steps(path: list[Touchpoint]) -> tuple[list[Touchpoint], int]:
    """The eligible touches and the latest of the others, in order; and how many were left out."""
    others = [step for step in path if step.reason is not None]
    dropped = {order_key(step.touch) for step in others[: max(len(others) - MAX_LISTED, 0)]}
    return [step for step in path if order_key(step.touch) not in dropped], len(dropped)


def effects_of(verdict: Verdict, site: SiteConfig) -> list[tuple[Adjustment, AdjustmentEffect]]:
    """Each adjustment with its effect, in the order in which they fold."""
    restated = [n for n, row in enumerate(verdict.adjustments) if row.kind == "restate"]
    settled = restated[-1] if restated else 0
    effects: list[tuple[Adjustment, AdjustmentEffect]] = [(row, "duplicate") for row in verdict.copies]
    for n, row in enumerate(verdict.adjustments):
        effects.append((row, "superseded" if n < settled else _own_effect(row, site)))
    return sorted(effects, key=lambda pair: order_key(pair[0]))


def _own_effect(row: Adjustment, site: SiteConfig) -> AdjustmentEffect:
    return "no_rate" if row.kind != "retract" and money(row, site)[1] else "applied"
