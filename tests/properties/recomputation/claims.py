"""Claims: which conversion of an order or hit counts, and with which value. Rules: `docs/models.md`, Claims and
Value."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from tests.properties.recomputation.goals import in_force
from tests.properties.recomputation.joining import Brought
from tests.properties.recomputation.order import in_order, place
from tests.properties.recomputation.persons import Whose
from tests.properties.recomputation.rates import Row, Table, lacks_rate, times, worth
from tests.properties.recomputation.records import Adjustment, Conversion, Goal, Site, Touch, Version

R = TypeVar("R", Conversion, Adjustment)


@dataclass(frozen=True)
class Claim:
    """The copies of one conversion, and the adjustments in order. The first copy is the one that counts."""

    goal: Goal
    version: Version
    rows: tuple[Conversion, ...]
    adjustments: tuple[Adjustment, ...]
    #: The touches that the copies name by click ids.
    touches: tuple[Touch, ...]

    @property
    def winner(self) -> Conversion:
        """The conversion that counts: the earliest that a server sent. If no server sent one, the earliest."""
        return self.rows[0]

    def claimants(self, whose: Whose) -> frozenset[str]:
        """Return the persons who made a copy of the conversion, or whose click a copy names."""
        return frozenset(whose(row) for row in (*self.rows, *self.touches))


def claims_of(
    goal: Goal, conversions: Iterable[Conversion], adjustments: Iterable[Adjustment], brought: Brought
) -> list[Claim]:
    """Return the claims of a goal, in the order of the conversions that count."""
    rows: dict[str, list[Conversion]] = defaultdict(list)
    for row in believed_first(conversions):
        version = in_force(goal, row.at)
        if row.goal == goal.uid and version and version.version == row.version:
            rows[claim_of(row)].append(row)
    changes = folding(adjustments)
    claims = [
        claim(
            goal,
            found,
            [one for one in changes if claim_of(one) == name],
            [touch for row in found for touch in brought(row)],
        )
        for name, found in rows.items()
    ]
    return sorted(claims, key=lambda one: place(one.winner))


def claim_of(row: Conversion | Adjustment) -> str:
    """Return the key that copies of a conversion share: the order id. Without an order it is the click id; without
    both, the hit id."""
    named = f"order {row.order}" if row.order else f"click {row.click}" if row.click else ""
    return named or f"{type(row).__name__} {row.hit}"


def claim(goal: Goal, rows: list[Conversion], adjustments: list[Adjustment], touches: list[Touch]) -> Claim:
    """Make the claim of these copies, under the goal's version that the winner met."""
    version = in_force(goal, rows[0].at)
    assert version
    return Claim(goal, version, tuple(rows), tuple(adjustments), tuple(touches))


def folding(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """Return adjustments in order. Of copies (same hit id and order) only the first counts."""
    kept: dict[tuple[str, str], Adjustment] = {}
    for one in believed_first(adjustments):
        kept.setdefault((claim_of(one), one.hit), one)
    return in_order(kept.values())


def believed_first(rows: Iterable[R]) -> list[R]:
    """Return the rows that servers sent, in order, then the others, in order."""
    return sorted(in_order(rows), key=lambda row: not row.trusted)


def is_retracted(claim: Claim) -> bool:
    """Whether the claim was retracted, and not restored or restated later."""
    deciding = [one.kind for one in claim.adjustments if one.kind in ("retract", "restate", "restore")]
    return deciding[-1:] == ["retract"]


def is_believed(claim: Claim) -> bool:
    """Whether the winner's amount is believed: a server sent it, or it has none, or the goal believes everybody."""
    winner = claim.winner
    return claim.version.open_values or winner.trusted or (winner.value is None and not winner.unreadable)


def amounts_of(claim: Claim) -> list[tuple[Row, int]]:
    """Return the rows whose amounts are added (1) or subtracted (-1). A restatement replaces all rows before it."""
    amounts: list[tuple[Row, int]] = [(claim.winner, 1)] if claim.version.fixed_value is None else []
    for one in claim.adjustments:
        if one.kind == "restate":
            amounts = [(one, 1)]
        elif one.kind == "refund":
            amounts.append((one, -1))
    return amounts


def value_of(claim: Claim, site: Site, table: Table) -> int:
    """Return the value after all adjustments. A fixed value applies until a restatement."""
    fixed = claim.version.fixed_value or 0
    base = 0 if any(one.kind == "restate" for one in claim.adjustments) else fixed
    return base + sum(sign * worth(row, claim.version, site, table) for row, sign in amounts_of(claim))


def lacking(claim: Claim, site: Site, table: Table) -> list[tuple[str, int]]:
    """Return the amounts that are left out because no exchange rate is known, by currency."""
    amounts = [(row, sign) for row, sign in amounts_of(claim) if lacks_rate(row, site, table)]
    return [(row.currency, sign * times(row.value or 0, claim.version)) for row, sign in amounts]
