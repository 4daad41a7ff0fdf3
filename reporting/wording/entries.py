"""Entries: writes the timeline of an explained conversion, one entry for each touch, rejected hit, conversion and
adjustment. Pure."""

from collections.abc import Iterator

import msgspec

from conversions.explain.adjustments import AppliedRate, ExplainedAdjustment
from conversions.explain.explanation import ExplainedDuplicate, Explanation
from conversions.explain.goal_words import describe_days
from conversions.explain.rejected_before import ExplainedRejected
from conversions.explain.touches import ExplainedTouch
from conversions.rules.reasons import (
    adjustment_sentence,
    click_sentence,
    conversion_sentence,
    duplicate_sentence,
    touch_sentence,
)
from conversions.units.clock import DAY_MS
from reporting.wording.lengths import gap, read_moment

ADJUSTMENTS = {"refund": "Refund", "restate": "Restated to", "retract": "Retracted", "restore": "Restored"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline of an explained conversion. `good`: whether the touch may earn credit, or the conversion
    or adjustment counts. `why`: a sentence with the reason."""

    at: str
    #: How long before or after the conversion it happened, in words; "" for the conversion itself.
    gap: str
    title: str
    value: str | None = None
    currency: str = ""
    verdict: str
    good: bool
    why: str
    hit: str
    visitor: str = ""
    campaign: str = ""
    parameters: dict[str, str] = {}
    goal_version: int | None = None
    rate: AppliedRate | None = None
    code: str | None = None
    batch: str | None
    archive_key: str | None


def timeline_of(explanation: Explanation) -> list[Entry]:
    """Return the entries of a conversion's timeline, in order of time. Of entries at the same instant, touches come
    first."""
    return sorted(entries_of(explanation), key=lambda entry: read_moment(entry.at))


def entries_of(explanation: Explanation) -> Iterator[Entry]:
    """Yield the entries of a conversion's timeline by kind: touches, rejected hits, the conversion itself, its
    duplicates, its adjustments."""
    yield from (touch_entry(touch, explanation) for touch in explanation.touches)
    yield from (rejected_entry(hit, explanation) for hit in explanation.rejected.hits)
    yield own_entry(explanation)
    yield from (duplicate_entry(row, explanation) for row in explanation.duplicates)
    yield from (adjustment_entry(row, explanation) for row in explanation.adjustments)


def own_entry(explanation: Explanation) -> Entry:
    """Make the entry of the explained conversion itself."""
    return Entry(
        at=explanation.at,
        gap="",
        title=f"Conversion {explanation.goal.key}",
        value=explanation.sent.value,
        currency=explanation.sent.currency or explanation.currency,
        verdict="Counts" if explanation.counted else "Doesn't count",
        good=explanation.counted,
        why=why_own(explanation),
        hit=explanation.hit,
        visitor=explanation.visitor,
        rate=explanation.rate,
        code=explanation.reason,
        batch=explanation.batch,
        archive_key=explanation.archive_key,
    )


def why_own(explanation: Explanation) -> str:
    """If the conversion doesn't count, say why. If it counts, but no visitor was found by the click id that it names,
    say why none was found. Otherwise return ""."""
    if explanation.reason:
        return conversion_sentence(explanation.reason)
    click = explanation.click
    return click_sentence(click.reason) if click and click.reason else ""


def touch_entry(touch: ExplainedTouch, explanation: Explanation) -> Entry:
    """Make the entry of a touch, which is a click or a view."""
    return Entry(
        at=touch.at,
        gap=gap(touch.at, explanation.at),
        title=f"{touch.kind.capitalize()}: {touch.ad}",
        verdict="May earn credit" if touch.eligible else "No credit",
        good=touch.eligible,
        why=why_touch(touch, explanation),
        hit=touch.hit,
        visitor=touch.visitor,
        campaign=touch.campaign,
        parameters=touch.parameters,
        code=touch.reason,
        batch=touch.batch,
        archive_key=touch.archive_key,
    )


def why_touch(touch: ExplainedTouch, explanation: Explanation) -> str:
    """If a touch gets no credit, say why. Otherwise say under which models it gets credit."""
    if touch.reason:
        goal = explanation.goal
        days = goal.click_window_days if touch.kind == "click" else goal.view_window_days
        return touch_sentence(touch.reason, touch.kind, describe_days(days * DAY_MS))
    if not explanation.counted:
        return "It could earn credit if the conversion counted."
    credits = touch.credit.items()
    gets = [model for model, credit in credits if credit.strip("0.")]
    if len(gets) == len(credits):
        return "It gets credit under every model."
    return f"It gets credit under {', '.join(gets)}." if gets else "Every model gives all the credit to others."


def rejected_entry(hit: ExplainedRejected, explanation: Explanation) -> Entry:
    """Make the entry of a rejected hit: a hit of one of the conversion's persons that makes no touch and no
    conversion."""
    return Entry(
        at=hit.at,
        gap=gap(hit.at, explanation.at),
        title=": ".join(filter(None, (hit.type.capitalize(), hit.ad))),
        verdict="Rejected",
        good=False,
        why=hit.detail,
        hit=hit.hit,
        visitor=hit.visitor,
        code=hit.code,
        batch=hit.batch,
        archive_key=hit.archive_key,
    )


def duplicate_entry(row: ExplainedDuplicate, explanation: Explanation) -> Entry:
    """Make the entry of a duplicate: another conversion of the same order or hit. Duplicates don't count."""
    return Entry(
        at=row.at,
        gap=gap(row.at, explanation.at),
        title="The same order again" if explanation.order else "The same hit again",
        value=row.sent.value,
        currency=row.sent.currency or explanation.currency,
        verdict="Doesn't count",
        good=False,
        why=duplicate_sentence(row.reason),
        hit=row.hit,
        visitor=row.visitor,
        goal_version=row.goal_version,
        code=row.reason,
        batch=row.batch,
        archive_key=row.archive_key,
    )


def adjustment_entry(row: ExplainedAdjustment, explanation: Explanation) -> Entry:
    """Make the entry of an adjustment of the conversion, such as a refund."""
    return Entry(
        at=row.at,
        gap=gap(row.at, explanation.at),
        title=ADJUSTMENTS[row.kind],
        value=row.value,
        currency=row.currency,
        verdict="Counts" if row.effect == "applied" else "Doesn't count",
        good=row.effect == "applied",
        why="" if row.effect == "applied" else adjustment_sentence(row.effect),
        hit=row.hit,
        rate=row.rate,
        code=row.effect,
        batch=row.batch,
        archive_key=row.archive_key,
    )
