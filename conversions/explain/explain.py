"""Explain: a decided case -> whether it counts and why, its value, and each touch's credit. Pure."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from conversions.attribution.fit import Learnt
from conversions.explain.adjustments import ExplainedAdjustment, describe_adjustment, describe_rate, effects_of
from conversions.explain.claimants import Claimants
from conversions.explain.explanation import ExplainedDuplicate, ExplainedGoal, Explanation, LeftOut, NamedClick, Sent
from conversions.explain.rejected_before import RejectedBefore
from conversions.explain.touches import describe_models, describe_touches
from conversions.facts.ad_names import AdName, name_touch
from conversions.facts.records import Conversion, Touch, conversion_id, order_key, plain_fact
from conversions.facts.slots import slot_of
from conversions.rules.parts import Place
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, bucket_of, day_of
from conversions.units.micros import six_places
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Duplicate, Verdict
from conversions.verdicts.fits import month_before
from conversions.verdicts.naming import Names
from conversions.verdicts.paths import Touchpoint
from conversions.verdicts.unrated import unrated
from tracker.collection.hit import iso

#: At most this many duplicates, adjustments, and touches without credit are listed. The others are counted.
MAX_LISTED = 1_000


class Explainer(msgspec.Struct, frozen=True, kw_only=True):
    """Explains a site's cases.

    `read_names`: place -> the names of its part. `archive_key`: batch id -> the archive's key. `read_learnt`: month ->
    goal uid -> what the month taught. `read_claimants`: case -> its persons. `read_rejected_before`: case and persons
    -> their rejected hits.
    """

    site: SiteConfig
    read_names: Callable[[Place], Names]
    archive_key: Callable[[str], str | None]
    read_learnt: Callable[[str], Mapping[str, Learnt]]
    read_claimants: Callable[[Case], Claimants]
    read_rejected_before: Callable[[Case, Claimants], RejectedBefore]

    def explain(self, case: Case) -> Explanation:
        """Explain a case. Credit and value of its touches sum to what the conversion adds to the rows of a report."""
        verdict, winner = case.verdict, case.verdict.winner
        path, touches_left_out = newest_listed(case.touchpoints())
        eligible = [point for point in path if point.reason is None]
        month = month_before(winner.at, self.site) if case.reason is None and len(eligible) > 1 else None
        learnt = self.read_learnt(month).get(verdict.goal.uid) if month else None
        claimants = self.read_claimants(case)
        return Explanation(
            id=conversion_id(self.site.key, verdict.goal.uid, winner.claim),
            site=self.site.key,
            goal=describe_goal(verdict),
            at=iso(winner.at),
            bucket=iso(bucket_of(winner.at, self.site.timezone)),
            day=day_of(winner.at, self.site.timezone),
            hit=winner.hit,
            order=winner.order or None,
            click=describe_click(verdict),
            visitor=winner.visitor,
            value=six_places(verdict.value),
            currency=self.site.currency,
            value_reason=verdict.value_reason,
            unrated={currency: six_places(amount) for currency, amount in unrated(verdict, self.site).items()},
            sent=describe_sent(winner),
            rate=None if verdict.version.fixed_value is not None else describe_rate(winner, self.site),
            user=claimants.user,
            persons=claimants.persons,
            crowded=claimants.crowded,
            counted=case.reason is None,
            reason=case.reason,
            attributed=case.reason is None and bool(eligible),
            models=describe_models(month, eligible, learnt),
            duplicates=tuple(self._duplicate(one) for one in verdict.duplicates[:MAX_LISTED]),
            adjustments=self._adjustments(verdict),
            batch=winner.batch or None,
            archive_key=self.archive_key(winner.batch),
            touches=describe_touches(case, path, self.site, learnt, self._namer(case, path), self.archive_key),
            rejected=self.read_rejected_before(case, claimants),
            left_out=count_left_out(case, touches_left_out),
        )

    def _duplicate(self, duplicate: Duplicate) -> ExplainedDuplicate:
        row = duplicate.conversion
        return ExplainedDuplicate(
            hit=row.hit,
            at=iso(row.at),
            visitor=row.visitor,
            goal_version=row.version,
            sent=describe_sent(row),
            reason=duplicate.reason,
            batch=row.batch or None,
            archive_key=self.archive_key(row.batch),
        )

    def _adjustments(self, verdict: Verdict) -> tuple[ExplainedAdjustment, ...]:
        listed = effects_of(verdict, self.site)[:MAX_LISTED]
        return tuple(describe_adjustment(row, effect, self.site, self.archive_key) for row, effect in listed)

    def _namer(self, case: Case, path: Sequence[Touchpoint]) -> Callable[[Touch], AdName]:
        """Return the function that names touches as the conversion's bucket does. It reads the bucket only for ads that
        aren't configured."""
        winner = case.verdict.winner
        if all(name_touch(point.touch, self.site.ads).configured for point in path):
            return Names(self.site).name
        return self.read_names((bucket_of(winner.at, self.site.timezone), slot_of(winner))).name


def describe_goal(verdict: Verdict) -> ExplainedGoal:
    """Describe the goal, with the rules of the version that decided."""
    version = verdict.version
    return ExplainedGoal(
        verdict.goal.key,
        version.version,
        version.counting,
        version.click_window // DAY_MS,
        version.view_window // DAY_MS,
    )


def describe_click(verdict: Verdict) -> NamedClick | None:
    """Describe the click that the conversion names."""
    winner = verdict.winner
    if not winner.click:
        return None
    touch = next((row.touch for row in verdict.joined if plain_fact(row.conversion) == plain_fact(winner)), None)
    return NamedClick(
        id=winner.click,
        hit=touch.hit if touch else None,
        visitor=touch.visitor if touch else None,
        at=iso(touch.at) if touch else None,
        reason=None if touch else "unknown_click",
    )


def describe_sent(row: Conversion) -> Sent:
    """The value and the currency that the hit was sent with."""
    return Sent(None if row.value is None else six_places(row.value), row.currency or None)


def newest_listed(path: Sequence[Touchpoint]) -> tuple[list[Touchpoint], int]:
    """Return the eligible touches and the latest other touches, in order; and how many touches were left out."""
    others = [point for point in path if point.reason is not None]
    dropped = {order_key(point.touch) for point in others[: max(len(others) - MAX_LISTED, 0)]}
    return [point for point in path if order_key(point.touch) not in dropped], len(dropped)


def count_left_out(case: Case, touches: int) -> LeftOut:
    """Count the duplicates, adjustments and touches of the case that are not listed."""
    verdict = case.verdict
    return LeftOut(
        duplicates=max(len(verdict.duplicates) - MAX_LISTED, 0),
        adjustments=max(len(verdict.adjustments) + len(verdict.copies) - MAX_LISTED, 0),
        touches=touches,
        uncounted_touches=case.is_cut,
    )
