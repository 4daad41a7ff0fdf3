"""Evidence: what must be read to decide about conversions; the store's reads of the rollup and of explain."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from conversions.claims import ClaimRow, Verdict, first_of_person, judge_all, judge_void
from conversions.facts import Conversion, OrderKey, Touch, order_key
from conversions.paths import ClickKey, click_of
from conversions.site import SiteConfig
from conversions.store.port import FactReader, Span

#: Goal uid and claim.
CaseKey = tuple[str, str]
#: Later than every fact.
LAST: OrderKey = (1 << 62, "", "")


class Case(msgspec.Struct, frozen=True):
    """One conversion, decided. `reason` says why it is not counted, None if it is.

    Reasons: `retracted`, `not_first`, `not_first_of_click` and, for explaining alone, `not_in_force`.
    """

    verdict: Verdict
    reason: str | None
    touches: tuple[Touch, ...]


def read_cases(
    store: FactReader, site: SiteConfig, conversions: Iterable[Conversion], whole_timeline: bool = False
) -> list[Case]:
    """Decide every claim that these conversions are part of, each (goal, claim) once.

    With `whole_timeline`, for explaining: the touches that are out of every window come too, and so do the claims none
    of whose conversions is in force.
    """
    claims = _read_claims(store, site.key, {row.claim for row in conversions})
    verdicts = judge_all(site, claims)
    void = judge_all(site, claims, judge_void) if whole_timeline else {}
    rivals = _read_rivals(store, site, verdicts.values(), claims)
    touches = _read_touches(store, site.key, [*verdicts.values(), *void.values()], whole_timeline)
    taken = _read_taken_clicks(store, site, verdicts, claims, touches)
    cases = {key: _case(verdict, rivals, touches, key in taken) for key, verdict in verdicts.items()}
    cases |= {key: Case(verdict, "not_in_force", _path(verdict, touches)) for key, verdict in void.items()}
    return [case for _, case in sorted(cases.items())]


def _case(
    verdict: Verdict, rivals: dict[tuple[str, str], list[Verdict]], touches: dict[str, list[Touch]], click_taken: bool
) -> Case:
    path = _path(verdict, touches)
    if verdict.retracted or click_taken:
        return Case(verdict, "retracted" if verdict.retracted else "not_first_of_click", path)
    others = rivals.get((verdict.goal.uid, verdict.winner.visitor), ())
    once = verdict.version.counting == "once"
    return Case(verdict, "not_first" if once and not first_of_person(verdict, others) else None, path)


def _path(verdict: Verdict, touches: dict[str, list[Touch]]) -> tuple[Touch, ...]:
    return tuple(touch for visitor in verdict.claimants for touch in touches.get(visitor, ()))


def _read_claims(store: FactReader, site: str, claims: set[str]) -> dict[str, list[ClaimRow]]:
    grouped: dict[str, list[ClaimRow]] = defaultdict(list)
    for row in store.read_claims(site, sorted(claims)):
        grouped[row.claim].append(row)
    return grouped


def _read_rivals(
    store: FactReader, site: SiteConfig, verdicts: Iterable[Verdict], claims: dict[str, list[ClaimRow]]
) -> dict[tuple[str, str], list[Verdict]]:
    """For goals that count one per person: the verdicts on all that these persons did until then."""
    until: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.version.counting == "once":
            visitor = verdict.winner.visitor
            until[visitor] = max(until.get(visitor, 0), verdict.winner.at)
    if not until:
        return {}
    earlier = store.read_conversions(site.key, [Span(visitor, 0, at) for visitor, at in until.items()])
    known = {**claims, **_read_claims(store, site.key, {row.claim for row in earlier} - claims.keys())}
    rivals: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in judge_all(site, known).values():
        rivals[verdict.goal.uid, verdict.winner.visitor].append(verdict)
    return rivals


def _read_taken_clicks(
    store: FactReader,
    site: SiteConfig,
    verdicts: Mapping[CaseKey, Verdict],
    claims: dict[str, list[ClaimRow]],
    touches: dict[str, list[Touch]],
) -> set[CaseKey]:
    """For goals that count one per click: the conversions whose click brought an earlier one that still stands.

    Who else may have that click claims its visitor's conversions, at whatever time.
    """
    mine = {
        key: click
        for key, verdict in verdicts.items()
        if verdict.version.counting == "click" and (click := click_of(verdict, _path(verdict, touches)))
    }
    if not mine:
        return set()
    goals = {uid for uid, _ in mine}
    rows = store.read_conversions(
        site.key, [Span(visitor, 0, 1 << 62) for visitor in {key[0] for key in mine.values()}]
    )
    others = {row.claim for row in rows if row.goal in goals}
    known = {claim: rows for claim, rows in claims.items() if claim in others}
    known |= _read_claims(store, site.key, others - known.keys())
    standing = [one for (uid, _), one in judge_all(site, known).items() if uid in goals and not one.retracted]
    first = _first_of_clicks(standing, _read_touches(store, site.key, standing, False))
    return {
        (uid, claim)
        for (uid, claim), click in mine.items()
        if first.get((uid, click), LAST) < order_key(verdicts[uid, claim].winner)
    }


def _first_of_clicks(
    standing: Iterable[Verdict], touches: dict[str, list[Touch]]
) -> dict[tuple[str, ClickKey], OrderKey]:
    """The place of the earliest conversion of each goal and click."""
    first: dict[tuple[str, ClickKey], OrderKey] = {}
    for verdict in standing:
        if click := click_of(verdict, _path(verdict, touches)):
            place = order_key(verdict.winner)
            first[verdict.goal.uid, click] = min(first.get((verdict.goal.uid, click), place), place)
    return first


def _read_touches(
    store: FactReader, site: str, verdicts: Iterable[Verdict], whole_timeline: bool
) -> dict[str, list[Touch]]:
    spans: dict[str, Span] = {}
    for verdict in verdicts:
        for span in _spans(verdict, whole_timeline):
            had = spans.get(span.visitor, span)
            spans[span.visitor] = Span(span.visitor, min(had.since, span.since), max(had.until, span.until))
    by_visitor: dict[str, list[Touch]] = defaultdict(list)
    for touch in store.read_touches(site, spans.values()):
        by_visitor[touch.visitor].append(touch)
    return by_visitor


def _spans(verdict: Verdict, whole_timeline: bool) -> list[Span]:
    at = verdict.winner.at
    window = max(verdict.version.click_window, verdict.version.view_window)
    since, until = (0, 1 << 62) if whole_timeline else (at - window, at)
    return [Span(visitor, since, until) for visitor in verdict.claimants]
