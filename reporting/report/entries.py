"""Entries: an explained conversion -> the lines of its timeline, in the order of time and in words. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from conversions.explain.goal_words import tell_days
from conversions.rules.reasons import adjustment_sentence, conversion_sentence, duplicate_sentence, touch_sentence
from conversions.units.clock import DAY_MS

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


def timeline_of(told: Plain) -> list[Entry]:
    """Everything that happened to it; of what happened at the same instant, touches first."""
    return sorted(entries_of(told), key=lambda entry: moment(entry.at))


def entries_of(told: Plain) -> Iterator[Entry]:
    """Touches, rejected hits, the conversion itself, its duplicates and its adjustments."""
    yield from (touch_entry(touch, told) for touch in told["touches"])
    yield from (rejected_entry(row, told) for row in told["hits_set_aside"]["hits"])
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
        why=conversion_sentence(told["reason"]) if told["reason"] else "",
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
        return touch_sentence(touch["reason"], touch["kind"], window)
    if not told["counted"]:
        return "It could earn credit if the conversion counted."
    gets = [model for model, credit in touch["credit"].items() if credit.strip("0.")]
    if len(gets) == len(touch["credit"]):
        return "It gets credit under every model."
    return f"It gets credit under {', '.join(gets)}." if gets else "Every model gives all the credit to others."


def rejected_entry(row: Plain, told: Plain) -> Entry:
    """A rejected hit of the person."""
    return Entry(
        at=row["at"],
        gap=gap(row["at"], told["at"]),
        title=": ".join(filter(None, (row["type"].capitalize(), row["ad"]))),
        value=None,
        currency="",
        verdict="Rejected",
        good=False,
        why=row["detail"],
        told=row,
    )


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
        why=duplicate_sentence(row["reason"]),
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
        why="" if row["effect"] == "applied" else adjustment_sentence(row["effect"]),
        told=row,
    )


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
