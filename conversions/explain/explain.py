"""Explain: explains whether and why a conversion counts, its value, and what each touch gets. Pure."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import msgspec

from conversions.attribution.fit import Learnt
from conversions.explain.adjustments import ExplainedAdjustment, describe_adjustment, describe_rate, effects_of
from conversions.explain.claimants import Claimants, Crowded
from conversions.explain.explanation import ExplainedDuplicate, ExplainedGoal, Explanation, LeftOut, NamedClick, Sent
from conversions.explain.listing import OTHER_BYTES, TOUCH_BYTES, Position, eligible_first, fill_page, write_position
from conversions.explain.rejected_before import RejectedBefore
from conversions.explain.touches import ExplainedTouch, describe_models, describe_touch, earned_shares
from conversions.facts.ad_names import AdName, AdNames
from conversions.facts.records import Adjustment, Conversion, OrderKey, Touch, conversion_id, order_key, plain_fact
from conversions.facts.slots import slot_of
from conversions.rules.parts import Place
from conversions.rules.reasons import AdjustmentEffect
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

#: The first page of an explanation.
START = Position()


class Explainer(msgspec.Struct, frozen=True, kw_only=True):
    """Explains the conversions of a site. The fields are functions that read what an explanation needs.

    `read_names`: bucket and slot -> the names of ads in this part of the hour. `archive_key`: batch id -> the key of
    the archive's object. `read_learnt`: month -> (goal uid -> what the data-driven models learnt). `read_claimants`:
    decided conversion -> its persons. `read_rejected_before`: decided conversion and its persons -> the rejected hits
    of these persons.
    """

    site: SiteConfig
    read_names: Callable[[Place], Names]
    archive_key: Callable[[str], str | None]
    read_learnt: Callable[[str], Mapping[str, Learnt]]
    read_claimants: Callable[[Case], Claimants]
    read_rejected_before: Callable[[Case, Claimants], RejectedBefore]

    def explain(self, case: Case, start: Position = START) -> Explanation:
        """Explain a conversion. The credits and values of the touches on all pages are those that reports count for
        this conversion.

        `start`: the position at which the page begins, if the conversion has more touches, duplicates or adjustments
        than fit on one page.
        """
        verdict, winner = case.verdict, case.verdict.winner
        path = case.touchpoints()
        eligible = [point for point in path if point.reason is None]
        month = month_before(winner.at, self.site) if case.reason is None and len(eligible) > 1 else None
        learnt = self.read_learnt(month).get(verdict.goal.uid) if month else None
        claimants = self.read_claimants(case)
        touches = self._touches(case, path, learnt, start.touches)
        duplicates = fill_page(verdict.duplicates, start.duplicates, OTHER_BYTES, self._duplicate)
        effects = effects_of(verdict, self.site)
        adjustments = fill_page(effects, start.adjustments, OTHER_BYTES, self._adjustment)
        shown = Position(len(touches), len(duplicates), len(adjustments))
        total = Position(len(path), len(verdict.duplicates), len(effects))
        return Explanation(
            id=conversion_id(self.site.key, verdict.goal.uid, winner.claim),
            site=self.site.key,
            goal=describe_goal(verdict),
            at=iso(winner.at),
            bucket=iso(bucket_of(winner.at, self.site.timezone)),
            day=day_of(winner.at, self.site.timezone),
            hit=winner.hit,
            order=winner.order or None,
            click=describe_click(verdict, claimants),
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
            duplicates=tuple(duplicates),
            adjustments=tuple(adjustments),
            batch=winner.batch or None,
            archive_key=self.archive_key(winner.batch),
            touches=tuple(touches),
            rejected=self.read_rejected_before(case, claimants),
            left_out=count_left_out(case, shown, total, claimants),
            after=write_next(start, shown, total),
        )

    def _touches(
        self, case: Case, path: Sequence[Touchpoint], learnt: Learnt | None, start: int
    ) -> list[ExplainedTouch]:
        """Return the touches of this page as the explanation shows them, in order of time. `start`: how many touches
        are on earlier pages."""
        earned, name = earned_shares(case, path, self.site, learnt), self._namer(case)

        def describe(point: Touchpoint) -> tuple[OrderKey, ExplainedTouch]:
            touch = describe_touch(point, name(point.touch), earned, self.site, self.archive_key)
            return order_key(point.touch), touch

        page = fill_page(eligible_first(path), start, TOUCH_BYTES, describe)
        return [touch for _, touch in sorted(page, key=lambda one: one[0])]

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

    def _adjustment(self, row: tuple[Adjustment, AdjustmentEffect]) -> ExplainedAdjustment:
        return describe_adjustment(*row, self.site, self.archive_key)

    def _namer(self, case: Case) -> Callable[[Touch], AdName]:
        """Return a function that gives a touch's ad the same name as in the figures of the conversion's hour. The names
        of this hour are read only if the ad isn't configured."""
        winner, names = case.verdict.winner, AdNames(self.site.ads)
        place = bucket_of(winner.at, self.site.timezone), slot_of(winner)
        others = cache(lambda: self.read_names(place))

        def name(touch: Touch) -> AdName:
            own = names.name(touch)
            return own if own.configured else others().name(touch)

        return name


def describe_goal(verdict: Verdict) -> ExplainedGoal:
    """Return the goal, and the rules of the version that the conversion met."""
    version = verdict.version
    return ExplainedGoal(
        verdict.goal.key,
        version.version,
        version.counting,
        version.click_window // DAY_MS,
        version.view_window // DAY_MS,
    )


def describe_click(verdict: Verdict, claimants: Claimants) -> NamedClick | None:
    """Return the click that the conversion names, with the click's touch if it was found. None if the conversion names
    no click."""
    winner = verdict.winner
    if not winner.click:
        return None
    touch = next((row.touch for row in verdict.joined if plain_fact(row.conversion) == plain_fact(winner)), None)
    is_crowded = Crowded(click=winner.click) in claimants.crowded
    return NamedClick(
        id=winner.click,
        hit=touch.hit if touch else None,
        visitor=touch.visitor if touch else None,
        at=iso(touch.at) if touch else None,
        reason=None if touch else "crowded_click" if is_crowded else "unknown_click",
    )


def describe_sent(row: Conversion) -> Sent:
    """Return the value and the currency of a conversion as they were sent."""
    return Sent(None if row.value is None else six_places(row.value), row.currency or None)


def count_left_out(case: Case, shown: Position, total: Position, claimants: Claimants) -> LeftOut:
    """Count the duplicates, adjustments, touches and persons that this page of the explanation doesn't show."""
    return LeftOut(
        duplicates=total.duplicates - shown.duplicates,
        adjustments=total.adjustments - shown.adjustments,
        touches=total.touches - shown.touches,
        persons=claimants.more,
        uncounted_touches=case.is_cut,
    )


def write_next(start: Position, shown: Position, total: Position) -> str | None:
    """Return the position of the next page as text. None on the last page."""
    position = Position(
        start.touches + shown.touches, start.duplicates + shown.duplicates, start.adjustments + shown.adjustments
    )
    ends = zip(msgspec.structs.astuple(position), msgspec.structs.astuple(total), strict=True)
    return write_position(position) if any(end < most for end, most in ends) else None
