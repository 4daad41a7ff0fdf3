"""Cases: conversions -> decided cases. Everything that the decision needs is read through the store. Pure."""

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
from conversions.verdicts.budgets import budgets_of, for_its_click, read_budgets
from conversions.verdicts.claims import Verdict, first_of_person, judge_all, judge_void
from conversions.verdicts.paths import ClickKey, Touchpoint, click_of, out_of_window, path_of
from conversions.verdicts.people import People
from conversions.verdicts.timelines import Timelines, drawn, explained, is_cut, read_drawn, read_explained

#: The key of a case: goal uid and claim.
CaseKey = tuple[str, str]
#: An `order_key` after that of every fact.
LAST: OrderKey = (1 << 62, "", "")


class Case(msgspec.Struct, frozen=True):
    """One decided conversion. `reason` says why it doesn't count; None if it counts.

    `touches`: the touches of the path. Some of them get credit. Only explanations have the reason `not_in_force`,
    `others` and `is_cut`. `others`: further touches that were read. `is_cut`: whether there may be touches that were
    not read.
    """

    verdict: Verdict
    reason: ConversionReason | None
    touches: tuple[Touch, ...]
    others: tuple[Touch, ...] = ()
    is_cut: bool = False

    def touchpoints(self) -> list[Touchpoint]:
        """Every touch that was read, in order, eligible or with the reason why it isn't."""
        others = [Touchpoint(touch, out_of_window(touch, self.verdict) or "beyond_newest") for touch in self.others]
        return sorted([*path_of(self.verdict, self.touches), *others], key=lambda point: order_key(point.touch))


def read_cases(
    store: FactReader,
    site: SiteConfig,
    conversions: Iterable[Conversion | Joined],
    whole_timeline: bool = False,
    with_void: bool = False,
) -> list[Case]:
    """Decide every claim that these conversions are part of, each (goal, claim) once.

    A person's conversions in a part of a bucket share a budget of touches. Therefore, without `whole_timeline`, credit
    is right only in parts of which all conversions are given. With `whole_timeline`, for explanations, credit is right
    for every conversion, because the others of its part are read. Touches outside the window are then read, too, and
    claims without a conversion in force are decided. `with_void` decides these claims without reading more touches.
    """
    people = People(store, site.key)
    given = list(conversions)
    claims = people.read_claims({row.claim for row in given})
    verdicts = judge_all(site, claims, people.of)
    void = judge_all(site, claims, people.of, judge_void) if whole_timeline or with_void else {}
    every = [*verdicts.values(), *void.values()]
    budgets = read_budgets(people, site, every) if whole_timeline else budgets_of(people, site, given)
    verdicts, void = budgets.limited(verdicts), budgets.limited(void)
    rivals = _read_rivals(people, site, verdicts.values(), claims)
    read_touches = read_explained if whole_timeline else read_drawn
    touches = read_touches(people, [*verdicts.values(), *void.values()])
    taken = _read_taken_clicks(people, site, verdicts, claims, touches)
    cases = {key: _case(verdict, rivals, touches, key in taken) for key, verdict in verdicts.items()}
    cases |= {key: Case(verdict, "not_in_force", drawn(verdict, touches)) for key, verdict in void.items()}
    found = [case for _, case in sorted(cases.items())]
    return [_with_others(case, touches) for case in found] if whole_timeline else found


def _case(
    verdict: Verdict, rivals: dict[tuple[str, str], list[Verdict]], touches: Timelines, click_taken: bool
) -> Case:
    path = drawn(verdict, touches)
    if verdict.retracted or verdict.needs_token:
        return Case(verdict, "retracted" if verdict.retracted else "needs_token", path)
    if click_taken:
        return Case(verdict, "not_first_of_click", path)
    others = chain.from_iterable(rivals.get((verdict.goal.uid, one), ()) for one in verdict.claimants)
    once = verdict.version.counting == "once"
    return Case(verdict, "not_first" if once and not first_of_person(verdict, others) else None, path)


def _with_others(case: Case, touches: Timelines) -> Case:
    mine, credited = explained(case.verdict, touches), set(case.touches)
    others = tuple(touch for touch in mine if touch not in credited)
    return msgspec.structs.replace(case, others=others, is_cut=is_cut(case.verdict, touches))


def _read_rivals(
    people: People, site: SiteConfig, verdicts: Iterable[Verdict], claims: dict[str, list[ClaimRow]]
) -> dict[tuple[str, str], list[Verdict]]:
    """For goals that count one per person: the verdicts on all conversions of the claimants, by goal uid and claimant.

    The claimants' later conversions are read, too. The winner of such a conversion's claim may be an earlier conversion
    of another person.
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
    """For goals that count one per click: the cases whose click led to an earlier conversion that stands.

    A click may lead to conversions of the click's visitor and of this visitor's kin, at any time. All of these are
    read.
    """
    mine = {
        key: click
        for key, verdict in verdicts.items()
        if verdict.version.counting == "click" and (click := _click_of(verdict, touches))
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
    standing = [for_its_click(one) for (uid, _), one in judged.items() if uid in goals and one.stands]
    first = _first_of_clicks(standing, read_drawn(people, standing))
    return {
        (uid, claim)
        for (uid, claim), click in mine.items()
        if first.get((uid, click), LAST) < order_key(verdicts[uid, claim].winner)
    }


def _first_of_clicks(standing: Iterable[Verdict], touches: Timelines) -> dict[tuple[str, ClickKey], OrderKey]:
    """The `order_key` of the earliest conversion of each goal and click."""
    first: dict[tuple[str, ClickKey], OrderKey] = {}
    for verdict in standing:
        if click := _click_of(verdict, touches):
            place = order_key(verdict.winner)
            first[verdict.goal.uid, click] = min(first.get((verdict.goal.uid, click), place), place)
    return first


def _click_of(verdict: Verdict, touches: Timelines) -> ClickKey | None:
    mine = for_its_click(verdict)
    return click_of(mine, drawn(mine, touches), touches.people.of)
