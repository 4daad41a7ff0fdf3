"""Claims: decides which conversion with a dedupe key (claim) counts, and with which value. Pure.

A decision is made from all stored facts with the dedupe key. The order in which the facts arrived doesn't matter.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from conversions.facts.person import Whose, visitor_alone
from conversions.facts.records import Adjustment, Conversion, Joined, OrderKey, digest, order_key
from conversions.facts.value import AmountRow, ClaimRow, base_value, convert_for_goal, needs_token
from conversions.rules.goals import MOST_TOUCHES, Goal, GoalVersion
from conversions.rules.reasons import DuplicateReason, ValueReason
from conversions.rules.site import SiteConfig


class Duplicate(msgspec.Struct, frozen=True):
    """A stored conversion that doesn't count, because another one with the same dedupe key counts. `reason`: why this
    conversion is not the one that counts."""

    conversion: Conversion
    reason: DuplicateReason


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on the conversions of a goal with one dedupe key (claim): which counts, for whom, and with which
    value.

    `winner`: the conversion that counts. `duplicates`: the claim's other conversions. `person`: the winner's person.
    `claimants`: the persons whose touches may earn credit. `joined`: the claim's conversions that name a click, each
    with the click's touch. `value`: micros of the site's currency, after adjustments. `value_reason`: why some of the
    value is missing. `adjustments`: those that were applied, in order. `copies`: those that were not applied, because
    another adjustment with the same hit id was applied. `retracted`: whether the order is retracted. `needs_token`:
    whether the winner has an amount without the ingest token that the version requires. `limit`: how many of the newest
    clicks, and of the newest views, are read for the conversion; see `conversions.rules.budget`.
    """

    goal: Goal
    version: GoalVersion
    winner: Conversion
    duplicates: tuple[Duplicate, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    copies: tuple[Adjustment, ...] = ()
    joined: tuple[Joined, ...] = ()
    person: str = ""
    claimants: tuple[str, ...] = ()
    value: int = 0
    value_reason: ValueReason | None = None
    retracted: bool = False
    needs_token: bool = False
    limit: int = MOST_TOUCHES

    @property
    def stands(self) -> bool:
        """Whether the conversion is not retracted, and has a token if it needs one. A conversion that stands may still
        not count, because its goal counts only one per person or per click."""
        return not (self.retracted or self.needs_token)

    @property
    def most_touches(self) -> int:
        """At most this many of the newest clicks in the window may earn credit, and as many of the newest views."""
        return min(self.version.most_touches, self.limit)


def in_force(conversion: Conversion, goal: Goal) -> bool:
    """Whether the goal version that a conversion met is the version in force at the conversion's time. Another version
    is in force if the goal was changed retroactively after the conversion was stored."""
    version = goal.in_force(conversion.at)
    return version is not None and version.version == conversion.version


def judge(goal: Goal, rows: Iterable[ClaimRow], site: SiteConfig, whose: Whose = visitor_alone) -> Verdict | None:
    """Decide which of a goal's conversions with one dedupe key counts. None if no conversion met a version in force.

    `rows`: all stored rows with this dedupe key. `whose`: a function from a fact to its person.
    """
    rows = list(rows)
    mine, sent = _in_order(goal, rows)
    valid = [row for row in mine if in_force(row, goal)]
    version = goal.in_force(valid[0].at) if valid else None
    return _verdict(goal, version, mine, valid, sent, first_joined(rows, valid), site, whose) if version else None


def judge_not_in_force(
    goal: Goal, rows: Iterable[ClaimRow], site: SiteConfig, whose: Whose = visitor_alone
) -> Verdict | None:
    """Choose the winner of a goal's conversions with one dedupe key, if none of them met a version in force. The first
    conversion wins, under the version that it met.

    None if a conversion met a version in force (see `judge`), or if the goal no longer has the first conversion's
    version.
    """
    rows = list(rows)
    mine, sent = _in_order(goal, rows)
    if not mine or any(in_force(row, goal) for row in mine):
        return None
    version = next((version for version in goal.versions if version.version == mine[0].version), None)
    return _verdict(goal, version, mine, mine, sent, first_joined(rows, mine), site, whose) if version else None


def _in_order(goal: Goal, rows: Iterable[ClaimRow]) -> tuple[list[Conversion], list[Adjustment]]:
    """Return the goal's conversions and all adjustments among the rows of one dedupe key. Both are sorted by
    `trust_key`."""
    conversions: list[Conversion] = []
    adjustments: list[Adjustment] = []
    for row in sorted((row for row in rows if not isinstance(row, Joined)), key=trust_key):
        if isinstance(row, Adjustment):
            adjustments.append(row)
        elif row.goal == goal.uid:
            conversions.append(row)
    return conversions, adjustments


def _verdict(
    goal: Goal,
    version: GoalVersion,
    mine: Sequence[Conversion],
    valid: Sequence[Conversion],
    sent: Sequence[Adjustment],
    joined: tuple[Joined, ...],
    site: SiteConfig,
    whose: Whose,
) -> Verdict:
    """Make the verdict on the conversions of one dedupe key. `mine`: all conversions of the goal. `valid`: those that
    may win; the first of them wins. `sent`: all adjustments."""
    winner, losers, folded = valid[0], set(valid), applied_adjustments(sent)
    copies = set(sent).difference(folded)
    value, value_reason, retracted = apply_adjustments(base_value(winner, version, site), folded, version, site)
    return Verdict(
        goal=goal,
        version=version,
        winner=winner,
        duplicates=tuple(
            Duplicate(row, "duplicate" if row in losers else "not_in_force") for row in mine if row is not winner
        ),
        adjustments=tuple(folded),
        copies=tuple(row for row in sent if row in copies),
        joined=joined,
        person=whose(winner),
        claimants=tuple(sorted({*map(whose, valid), *(whose(row.touch) for row in joined)})),
        value=value,
        value_reason=value_reason,
        retracted=retracted,
        needs_token=needs_token(winner, version),
    )


def first_joined(rows: Iterable[ClaimRow], valid: Sequence[Conversion]) -> tuple[Joined, ...]:
    """Return the joined row of each valid conversion. If a conversion has several joined rows, return the one with the
    first touch. Conversions without a joined row are left out."""
    first: dict[str, Joined] = {}
    for row in rows:
        if isinstance(row, Joined):
            key = digest(row.conversion)
            had = first.get(key)
            first[key] = row if had is None or row.place < had.place else had
    return tuple(first[key] for row in valid if (key := digest(row)) in first) if first else ()


def trust_key(row: AmountRow) -> tuple[bool, OrderKey]:
    """Return the sort key of a conversion or an adjustment. Rows that a server sent with an ingest token come first.
    Then `order_key` decides."""
    return not row.trusted, order_key(row)


Judge = Callable[[Goal, Iterable[ClaimRow], SiteConfig, Whose], Verdict | None]


def judge_all(
    site: SiteConfig, claims: dict[str, list[ClaimRow]], whose: Whose = visitor_alone, judge: Judge = judge
) -> dict[tuple[str, str], Verdict]:
    """Decide the conversions of many dedupe keys with `judge`. `claims`: dedupe key -> its stored rows. Returns (goal
    uid, dedupe key) -> verdict."""
    verdicts = {}
    for claim, rows in claims.items():
        for uid in {row.goal for row in rows if isinstance(row, Conversion)}:
            goal = site.goal(uid)
            verdict = judge(goal, rows, site, whose) if goal else None
            if verdict:
                verdicts[uid, claim] = verdict
    return verdicts


def applied_adjustments(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """Choose the adjustments to apply, in the order of `order_key`. If several have the same hit id, only the first by
    `trust_key` is applied."""
    kept: dict[str, Adjustment] = {}
    for adjustment in sorted(adjustments, key=trust_key):
        kept.setdefault(adjustment.hit, adjustment)
    return sorted(kept.values(), key=order_key)


def apply_adjustments(
    base: tuple[int, ValueReason | None], adjustments: Sequence[Adjustment], version: GoalVersion, site: SiteConfig
) -> tuple[int, ValueReason | None, bool]:
    """Apply adjustments in order. Returns (value in micros, why some of it is missing, whether the conversion is
    retracted).

    A restatement sets the value, cancels earlier refunds and restores a retracted conversion. `base`: the value before
    adjustments, and why it is missing.
    """
    value, reason = base
    retracted = False
    for adjustment in adjustments:
        if adjustment.kind in ("retract", "restore"):
            retracted = adjustment.kind == "retract"
            continue
        amount, problem = convert_for_goal(adjustment, version, site)
        if adjustment.kind == "restate":
            value, reason, retracted = amount, problem, False
        else:
            value, reason = value - amount, reason or problem
    return value, reason, retracted


def first_of_person(verdict: Verdict, verdicts: Iterable[Verdict]) -> bool:
    """Whether a conversion is the first one of the goal for every claimant. `verdicts`: the verdicts on all conversions
    of these persons.

    A conversion isn't the first if an earlier conversion of the goal stands and has a claimant in common with it. All
    claimants are compared, not only the winners' persons. The reason: chance decides whether the shop's server or the
    buyer's browser sends an order first, and therefore which of the two conversions wins.
    """
    mine, claimants = order_key(verdict.winner), set(verdict.claimants)
    return not any(
        other.goal.uid == verdict.goal.uid
        and not claimants.isdisjoint(other.claimants)
        and other.stands
        and order_key(other.winner) < mine
        for other in verdicts
    )
