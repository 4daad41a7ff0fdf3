"""Claims: all stored facts of one claim -> which conversion counts, and its value. Pure.

The verdict doesn't depend on the order in which the facts came.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from conversions.facts.person import Whose, itself
from conversions.facts.records import Adjustment, Conversion, Joined, OrderKey, digest, order_key
from conversions.facts.value import AmountRow, ClaimRow, base_value, needs_token, worth
from conversions.rules.goals import MOST_TOUCHES, Goal, GoalVersion
from conversions.rules.reasons import DuplicateReason, ValueReason
from conversions.rules.site import SiteConfig


class Duplicate(msgspec.Struct, frozen=True):
    """A stored conversion that is not the one that counts, and why."""

    conversion: Conversion
    reason: DuplicateReason


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on one claim under one goal.

    `winner`: the conversion that counts. `value`: micros of the site's currency, after adjustments. `value_reason`: why
    some of the value is missing. `adjustments`: those that were applied, in order. `copies`: adjustments that were not
    applied, because another copy with the same hit id was. `joined`: the claim's conversions that are joined by a
    click, each with its first touch. `person`: the winner's person. `claimants`: the persons whose touches may earn
    credit. `needs_token`: the winner has an amount and came without an ingest token, but the version requires one.
    `limit`: how many of the newest touches of each kind the claimants' budgets allow; see `conversions.rules.budget`.
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
        """Whether the conversion counts, apart from rules that compare it with other conversions."""
        return not (self.retracted or self.needs_token)

    @property
    def most_touches(self) -> int:
        """How many of the newest clicks, and of the newest views, in the window may earn credit."""
        return min(self.version.most_touches, self.limit)


def in_force(conversion: Conversion, goal: Goal) -> bool:
    """Whether the version that a conversion met is in force at the conversion's `at`, by the present configuration."""
    version = goal.in_force(conversion.at)
    return version is not None and version.version == conversion.version


def judge(goal: Goal, rows: Iterable[ClaimRow], site: SiteConfig, whose: Whose = itself) -> Verdict | None:
    """Decide one claim under one goal, from all rows of the claim; None if no conversion met a version in force."""
    rows = list(rows)
    mine, sent = _in_order(goal, rows)
    valid = [row for row in mine if in_force(row, goal)]
    version = goal.in_force(valid[0].at) if valid else None
    return _verdict(goal, version, mine, valid, sent, first_joined(rows, valid), site, whose) if version else None


def judge_void(goal: Goal, rows: Iterable[ClaimRow], site: SiteConfig, whose: Whose = itself) -> Verdict | None:
    """Decide a claim for which `judge` gives no verdict, as if the version that its first conversion met were in force.
    None if `judge` gives one, or if there is no such version any more."""
    rows = list(rows)
    mine, sent = _in_order(goal, rows)
    if not mine or any(in_force(row, goal) for row in mine):
        return None
    version = next((version for version in goal.versions if version.version == mine[0].version), None)
    return _verdict(goal, version, mine, mine, sent, first_joined(rows, mine), site, whose) if version else None


def _in_order(goal: Goal, rows: Iterable[ClaimRow]) -> tuple[list[Conversion], list[Adjustment]]:
    """The goal's conversions and the adjustments of a claim, each sorted by `belief`."""
    conversions: list[Conversion] = []
    adjustments: list[Adjustment] = []
    for row in sorted((row for row in rows if not isinstance(row, Joined)), key=belief):
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
    """Make the verdict. `mine`: all conversions. `valid`: those of them that may win; the first one does. `sent`: all
    adjustments."""
    winner, losers, folded = valid[0], set(valid), effective(sent)
    copies = set(sent).difference(folded)
    value, value_reason, retracted = fold(base_value(winner, version, site), folded, version, site)
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
    """For each valid conversion that was joined by its click, the joined row with the first touch."""
    first: dict[str, Joined] = {}
    for row in rows:
        if isinstance(row, Joined):
            key = digest(row.conversion)
            had = first.get(key)
            first[key] = row if had is None or row.place < had.place else had
    return tuple(first[key] for row in valid if (key := digest(row)) in first) if first else ()


def belief(row: AmountRow) -> tuple[bool, OrderKey]:
    """The key that sorts rows of a claim: those that a server sent with an ingest token come first, then the earlier
    ones."""
    return not row.trusted, order_key(row)


Judge = Callable[[Goal, Iterable[ClaimRow], SiteConfig, Whose], Verdict | None]


def judge_all(
    site: SiteConfig, claims: dict[str, list[ClaimRow]], whose: Whose = itself, judge: Judge = judge
) -> dict[tuple[str, str], Verdict]:
    """Decide many claims, by goal uid and claim."""
    verdicts = {}
    for claim, rows in claims.items():
        for uid in {row.goal for row in rows if isinstance(row, Conversion)}:
            goal = site.goal(uid)
            verdict = judge(goal, rows, site, whose) if goal else None
            if verdict:
                verdicts[uid, claim] = verdict
    return verdicts


def effective(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """The adjustments that are applied, in the order of `order_key`. Of several copies with one hit id, only the first
    by `belief` is applied."""
    kept: dict[str, Adjustment] = {}
    for adjustment in sorted(adjustments, key=belief):
        kept.setdefault(adjustment.hit, adjustment)
    return sorted(kept.values(), key=order_key)


def fold(
    base: tuple[int, ValueReason | None], adjustments: Sequence[Adjustment], version: GoalVersion, site: SiteConfig
) -> tuple[int, ValueReason | None, bool]:
    """Apply the adjustments in their order. Return the conversion's value, why some of the value is missing, and
    whether the conversion is retracted.

    A restatement sets the value, cancels earlier refunds and restores a retracted conversion.
    """
    value, reason = base
    retracted = False
    for adjustment in adjustments:
        if adjustment.kind in ("retract", "restore"):
            retracted = adjustment.kind == "retract"
            continue
        amount, problem = worth(adjustment, version, site)
        if adjustment.kind == "restate":
            value, reason, retracted = amount, problem, False
        else:
            value, reason = value - amount, reason or problem
    return value, reason, retracted


def first_of_person(verdict: Verdict, verdicts: Iterable[Verdict]) -> bool:
    """Whether this conversion is the first of the goal for all its claimants. `verdicts`: the verdicts on the
    claimants' conversions.

    It is not the first if an earlier conversion of the goal stands and shares a claimant with it. All claimants are
    compared, not only the winners' persons: it is chance whether a shop's server or the buyer's browser sends an order
    first, and with it whose conversion wins.
    """
    mine, claimants = order_key(verdict.winner), set(verdict.claimants)
    return not any(
        other.goal.uid == verdict.goal.uid
        and not claimants.isdisjoint(other.claimants)
        and other.stands
        and order_key(other.winner) < mine
        for other in verdicts
    )
