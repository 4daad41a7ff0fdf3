"""Telling: an explained conversion -> what its page says, in the order of time and in words. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from conversions.clock import DAY_MS
from conversions.facts import conversion_id
from conversions.micros import six_places
from conversions.reasons import sentence
from conversions.rules import tell_days
from conversions.site import SiteConfig
from conversions.store.evidence import Case
from tracker.hit import iso

#: Of the entries of a timeline and the rows of a table so many are shown: half from the beginning, half from the end.
MAX_SHOWN = 200
Plain = dict[str, Any]

#: Units of a span of time, the largest first.
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
ADJUSTMENTS = {"refund": "Refund", "restate": "Restated to", "retract": "Retracted"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline. `good`: it counts, or may earn credit; `told` is what it was made of."""

    at: str
    #: How long before or after the conversion, in words; empty for the conversion itself.
    gap: str
    title: str
    value: str | None
    currency: str
    verdict: str
    good: bool
    why: str
    told: Plain


class Row(msgspec.Struct, frozen=True):
    """What one touch gets: (credit, value) under each model."""

    told: Plain
    shares: list[tuple[str, str]]


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of a conversion. `why` is empty where it counts; `nobody` says why no ad gets credit."""

    told: Plain
    why: str
    value_why: str
    nobody: str
    entries: list[Entry]
    models: list[str]
    rows: list[Row]
    #: What the data-driven models went by, (model, sentence).
    notes: list[tuple[str, str]]
    #: Entries and rows that are not shown.
    hidden: int


def tell(told: Plain) -> Telling:
    """The words of an explained conversion."""
    ordered = sorted(entries_of(told), key=lambda entry: moment(entry.at))
    rows = rows_of(told)
    left_out = sum(count for count in told["left_out"].values() if not isinstance(count, bool))
    return Telling(
        told=told,
        why=sentence("conversion", told["reason"]) if told["reason"] else "",
        value_why=sentence("value", told["value_reason"]) if told["value_reason"] else "",
        nobody=why_nobody(told),
        entries=ends_of(ordered),
        models=list(rows[0].told["credit"]) if rows else [],
        rows=ends_of(rows),
        notes=list(notes_of(told)),
        hidden=left_out + max(len(ordered) - MAX_SHOWN, 0),
    )


def why_nobody(told: Plain) -> str:
    """Why no ad gets credit of a conversion that counts; empty where one does."""
    if told["attributed"] or not told["counted"]:
        return ""
    if not told["touches"]:
        return "No ad gets credit for it: the person is not known to have clicked or seen any."
    return "No ad gets credit for it: none of the person's clicks and views may earn any. The timeline says why."


def notes_of(told: Plain) -> Iterator[tuple[str, str]]:
    """Of each data-driven model that had something to divide, from which month it learnt how, or why it didn't."""
    for model, how in told["models"].items():
        if how["reason"]:
            yield model, sentence("model", how["reason"], {"month": how["fit"]})
        elif how["fit"]:
            yield model, f"It goes by what was learnt from {how['fit']}."


def entries_of(told: Plain) -> Iterator[Entry]:
    """Everything that happened to it; of what happened at the same instant, touches first."""
    yield from (touch_entry(touch, told) for touch in told["touches"])
    yield own_entry(told)
    yield from (duplicate_entry(row, told) for row in told["duplicates"])
    yield from (adjustment_entry(row, told) for row in told["adjustments"])


def own_entry(told: Plain) -> Entry:
    """The conversion itself."""
    return Entry(
        at=told["at"],
        gap="",
        title=f"Conversion {told['goal']['key']}",
        value=told["sent"]["value"],
        currency=told["sent"]["currency"] or told["currency"],
        verdict="Counts" if told["counted"] else "Doesn't count",
        good=told["counted"],
        why=sentence("conversion", told["reason"]) if told["reason"] else "",
        told=told,
    )


def touch_entry(touch: Plain, told: Plain) -> Entry:
    """A click or a view."""
    return Entry(
        at=touch["at"],
        gap=gap(touch["at"], told["at"]),
        title=f"{touch['kind'].capitalize()}: {touch['ad']}",
        value=None,
        currency="",
        verdict="May earn credit" if touch["eligible"] else "No credit",
        good=touch["eligible"],
        why=why_touch(touch, told),
        told=touch,
    )


def why_touch(touch: Plain, told: Plain) -> str:
    """Why it gets nothing, or under which models it gets something."""
    if touch["reason"]:
        window = tell_days(told["goal"][f"{touch['kind']}_window_days"] * DAY_MS)
        return sentence("touch", touch["reason"], {"kind": touch["kind"], "window": window})
    if not told["counted"]:
        return "It could earn credit if the conversion counted."
    gets = [model for model, credit in touch["credit"].items() if credit.strip("0.")]
    if len(gets) == len(touch["credit"]):
        return "It gets credit under every model."
    return f"It gets credit under {', '.join(gets)}." if gets else "Every model gives all the credit to others."


def duplicate_entry(row: Plain, told: Plain) -> Entry:
    """Another copy or claimant of the order or hit."""
    return Entry(
        at=row["at"],
        gap=gap(row["at"], told["at"]),
        title="The same order again" if told["order"] else "The same hit again",
        value=row["sent"]["value"],
        currency=row["sent"]["currency"] or told["currency"],
        verdict="Doesn't count",
        good=False,
        why=sentence("duplicate", row["reason"]),
        told=row,
    )


def adjustment_entry(row: Plain, told: Plain) -> Entry:
    """A refund, a restatement or a retraction."""
    return Entry(
        at=row["at"],
        gap=gap(row["at"], told["at"]),
        title=ADJUSTMENTS[row["kind"]],
        value=row["value"],
        currency=row["currency"],
        verdict="Counts" if row["effect"] == "applied" else "Doesn't count",
        good=row["effect"] == "applied",
        why="" if row["effect"] == "applied" else sentence("adjustment", row["effect"]),
        told=row,
    )


def rows_of(told: Plain) -> list[Row]:
    """What each touch that may earn credit gets of a conversion that counts."""
    touches = [touch for touch in told["touches"] if touch["eligible"]] if told["counted"] else []
    return [Row(touch, shares_of(touch)) for touch in touches]


def shares_of(touch: Plain) -> list[tuple[str, str]]:
    """A touch's credit and value under each model."""
    return [(credit, touch["value"][model]) for model, credit in touch["credit"].items()]


def ends_of(items: Sequence[Any]) -> list[Any]:
    """All, or the first and the last of too many."""
    half = MAX_SHOWN // 2
    return list(items) if len(items) <= MAX_SHOWN else [*items[:half], *items[-half:]]


def moment(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


def gap(at: str, of: str) -> str:
    """How long before or after another instant, in words."""
    between = moment(at) - moment(of)
    if not between:
        return "at the same moment"
    return f"{span(abs(between))} {'before' if between < timedelta() else 'after'}"


def span(length: timedelta) -> str:
    """A span of time by its two largest units."""
    left = int(length.total_seconds())
    told: list[str] = []
    for seconds, unit in UNITS:
        count, left = divmod(left, seconds)
        if count and len(told) < 2:
            told.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(told) or "less than a second"


def sum_up(site: SiteConfig, case: Case) -> Plain:
    """One line of a list of conversions."""
    verdict = case.verdict
    winner = verdict.winner
    return {
        "id": conversion_id(site.key, verdict.goal.uid, winner.claim),
        "goal": verdict.goal.key,
        "at": iso(winner.at),
        "order": winner.order,
        "hit": winner.hit,
        "visitor": winner.visitor,
        "value": six_places(verdict.value),
        "counted": case.reason is None,
        "why": sentence("conversion", case.reason) if case.reason else "",
    }
