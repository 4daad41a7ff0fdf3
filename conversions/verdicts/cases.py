"""Cases: decides for each conversion whether it counts, and which touches are on its path. The facts for this are read
from the store. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

import msgspec

from conversions.facts.records import Conversion, Joined, OrderKey, Touch, order_key
from conversions.facts.value import ClaimRow
from conversions.rules.reasons import ConversionReason
from conversions.rules.site import SiteConfig
from conversions.store.port import FactReader, Span
from conversions.units.clock import FOR_EVER
from conversions.verdicts.budgets import budgets_of, limited_for_click, read_budgets
from conversions.verdicts.claims import Verdict, first_of_person, judge_all, judge_not_in_force
from conversions.verdicts.paths import ClickKey, Touchpoint, conversion_click, out_of_window, path_of
from conversions.verdicts.people import People
from conversions.verdicts.timelines import (
    Timelines,
    all_touches,
    is_cut,
    path_touches,
    read_for_credit,
    read_for_explanation,
)

#: The key of a case: goal uid and claim.
CaseKey = tuple[str, str]
#: Greater than the `order_key` of every fact.
LAST: OrderKey = (1 << 62, "", "")


class Case(msgspec.Struct, frozen=True):
    """A decided conversion. `reason`: why the conversion doesn't count; None if it counts. `touches`: the touches of
    its path.

    Two fields are set only for explanations. `others`: the claimants' touches that are not on the path. `is_cut`:
    whether the claimants may have touches that were not read.
    """

    verdict: Verdict
    reason: ConversionReason | None
    touches: tuple[Touch, ...]
    others: tuple[Touch, ...] = ()
    is_cut: bool = False

    def touchpoints(self) -> list[Touchpoint]:
        """List the touches of the path and the other touches that were read, in order. Each touch has the reason why it
        may not earn credit; None if it may."""
        others = [Touchpoint(touch, out_of_window(touch, self.verdict) or "beyond_newest") for touch in self.others]
        return sorted([*path_of(self.verdict, self.touches), *others], key=lambda point: order_key(point.touch))


def read_cases(
    store: FactReader,
    site: SiteConfig,
    conversions: Iterable[Conversion | Joined],
    whole_timeline: bool = False,
    with_not_in_force: bool = False,
) -> list[Case]:
    """Decide conversions. Returns one case for each goal and dedupe key (claim) of the given conversions. The case has
    the conversion that counts, and its path.

    Without `whole_timeline`, `conversions` must be all conversions of a part of a bucket. Otherwise credit is wrong,
    because a person's conversions in a part share a budget of touches.

    With `whole_timeline` (for explanations), `conversions` may be any conversions. The other conversions of their parts
    and the touches outside the window are also read. Claims without a conversion in force are also decided.

    With `with_not_in_force`, claims without a conversion in force are also decided, but no more touches are read.
    """
    people = People(store, site.key)
    given = list(conversions)
    claims = people.read_claims({row.claim for row in given})
    verdicts = judge_all(site, claims, people.of)
    not_in_force = judge_all(site, claims, people.of, judge_not_in_force) if whole_timeline or with_not_in_force else {}
    every = [*verdicts.values(), *not_in_force.values()]
    budgets = read_budgets(people, site, every) if whole_timeline else budgets_of(people, site, given)
    verdicts, not_in_force = budgets.limited(verdicts), budgets.limited(not_in_force)
    rivals = _read_rivals(people, site, verdicts.values(), claims)
    read_touches = read_for_explanation if whole_timeline else read_for_credit
    touches = read_touches(people, [*verdicts.values(), *not_in_force.values()])
    taken = _read_taken_clicks(people, site, verdicts, claims, touches)
    cases = {key: _case(verdict, rivals, touches, key in taken) for key, verdict in verdicts.items()}
    cases |= {
        key: Case(verdict, "not_in_force", path_touches(verdict, touches)) for key, verdict in not_in_force.items()
    }
    found = [case for _, case in sorted(cases.items())]
    return [_with_others(case, touches) for case in found] if whole_timeline else found


def _case(
    verdict: Verdict, rivals: dict[tuple[str, str], list[Verdict]], touches: Timelines, click_taken: bool
) -> Case:
    path = path_touches(verdict, touches)
    if verdict.retracted or verdict.needs_token:
        return Case(verdict, "retracted" if verdict.retracted else "needs_token", path)
    if click_taken:
        return Case(verdict, "not_first_of_click", path)
    others = chain.from_iterable(rivals.get((verdict.goal.uid, one), ()) for one in verdict.claimants)
    once = verdict.version.counting == "once"
    return Case(verdict, "not_first" if once and not first_of_person(verdict, others) else None, path)


def _with_others(case: Case, touches: Timelines) -> Case:
    mine, credited = all_touches(case.verdict, touches), set(case.touches)
    others = tuple(touch for touch in mine if touch not in credited)
    return msgspec.structs.replace(case, others=others, is_cut=is_cut(case.verdict, touches))


def _read_rivals(
    people: People, site: SiteConfig, verdicts: Iterable[Verdict], claims: dict[str, list[ClaimRow]]
) -> dict[tuple[str, str], list[Verdict]]:
    """Decide all conversions of the claimants, for goals that count one per person. Returns (goal uid, person) -> the
    verdicts that have this person as a claimant.

    The claimants' later conversions are read, too: another person's earlier conversion may have the same dedupe key,
    and then counts instead of the later one.
    """
    claimants = {one for verdict in verdicts if verdict.version.counting == "once" for one in verdict.claimants}
    if not claimants:
        return {}
    visitors = {visitor for person in claimants for visitor in people.visitors(person)}
    rows = people.read_conversions([Span(visitor, 0, FOR_EVER) for visitor in sorted(visitors)])
    known = {**claims, **people.read_claims({row.claim for row in rows} - claims.keys())}
    rivals: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in judge_all(site, known, people.of).values():
        for person in verdict.claimants:
            rivals[verdict.goal.uid, person].append(verdict)
    return rivals


def _read_taken_clicks(
    people: People,
    site: SiteConfig,
    verdicts: Mapping[CaseKey, Verdict],
    claims: dict[str, list[ClaimRow]],
    touches: Timelines,
) -> set[CaseKey]:
    """Return the cases whose click already led to an earlier conversion that counts. These cases don't count. Only a
    goal that counts one conversion per click has such cases.

    A click may have led to conversions of its visitor, and of every visitor who may be the same person, at any time.
    All of these conversions are read.
    """
    mine = {
        key: click
        for key, verdict in verdicts.items()
        if verdict.version.counting == "click" and (click := _conversion_click(verdict, touches))
    }
    if not mine:
        return set()
    goals = {uid for uid, _ in mine}
    kin = people.kin({visitor for _, visitor, *_ in mine.values()})
    rows = people.read_conversions([Span(visitor, 0, FOR_EVER) for visitor in frozenset().union(*kin.values())])
    others = {row.claim for row in rows if row.goal in goals}
    known = {claim: rows for claim, rows in claims.items() if claim in others}
    known |= people.read_claims(others - known.keys())
    judged = judge_all(site, known, people.of)
    standing = [limited_for_click(one) for (uid, _), one in judged.items() if uid in goals and one.stands]
    first = _first_of_clicks(standing, read_for_credit(people, standing))
    return {
        (uid, claim)
        for (uid, claim), click in mine.items()
        if first.get((uid, click), LAST) < order_key(verdicts[uid, claim].winner)
    }


def _first_of_clicks(standing: Iterable[Verdict], touches: Timelines) -> dict[tuple[str, ClickKey], OrderKey]:
    """Find the earliest conversion to which each click led. Returns (goal uid, click) -> the conversion's
    `order_key`."""
    first: dict[tuple[str, ClickKey], OrderKey] = {}
    for verdict in standing:
        if click := _conversion_click(verdict, touches):
            place = order_key(verdict.winner)
            first[verdict.goal.uid, click] = min(first.get((verdict.goal.uid, click), place), place)
    return first


def _conversion_click(verdict: Verdict, touches: Timelines) -> ClickKey | None:
    mine = limited_for_click(verdict)
    return conversion_click(mine, path_touches(mine, touches), touches.people.of)
