"""Paths: the touches of a conversion's claimants, which of them may earn credit, and what each earns. Pure."""

from collections.abc import Iterable, Sequence

import msgspec

from conversions.claims import Verdict
from conversions.credit import MODELS, ONE, split
from conversions.facts import Touch, order_key


class Step(msgspec.Struct, frozen=True):
    """One touch of a path; `reason` says why it is not eligible, None where it is.

    Reasons: `after_conversion`, `outside_window`, `duplicate`, `beaten_by_click`.
    """

    touch: Touch
    reason: str | None = None


class Share(msgspec.Struct, frozen=True):
    """What one touch gets of one conversion under one model: micros of the conversion and micros of its value."""

    touch: Touch
    credit: int
    value: int


def distinct(touches: Iterable[Touch]) -> list[Touch]:
    """Touches in order, copies of one hit id, or of one click id of one visitor, reduced to the earliest."""
    kept, hits, click_ids = [], set(), set()
    for touch in sorted(touches, key=order_key):
        click_id = (touch.visitor, touch.network, touch.click_id) if touch.click_id else None
        if touch.hit in hits or click_id in click_ids:
            continue
        kept.append(touch)
        hits.add(touch.hit)
        if click_id:
            click_ids.add(click_id)
    return kept


def out_of_window(touch: Touch, verdict: Verdict) -> str | None:
    """Why a touch is too late or too early for a conversion, None if it is neither."""
    age = verdict.winner.at - touch.at
    window = verdict.version.click_window if touch.kind == "click" else verdict.version.view_window
    if age < 0:
        return "after_conversion"
    return "outside_window" if age > window else None


def path_of(verdict: Verdict, touches: Iterable[Touch]) -> list[Step]:
    """Every touch of the claimants in order, eligible or with its reason: window first, then copies, then views."""
    ordered = sorted(touches, key=order_key)
    reasons = {order_key(touch): out_of_window(touch, verdict) for touch in ordered}
    inside = [touch for touch in ordered if reasons[order_key(touch)] is None]
    kept = {order_key(touch) for touch in distinct(inside)}
    clicked = any(touch.kind == "click" for touch in inside if order_key(touch) in kept)
    for touch in inside:
        if order_key(touch) not in kept:
            reasons[order_key(touch)] = "duplicate"
        elif clicked and touch.kind == "view":
            reasons[order_key(touch)] = "beaten_by_click"
    return [Step(touch, reasons[order_key(touch)]) for touch in ordered]


def shares(verdict: Verdict, path: Sequence[Step], model: str) -> list[Share]:
    """What each eligible touch gets under a model; credits sum to exactly one conversion, values to its value."""
    eligible = [step.touch for step in path if step.reason is None]
    if not eligible:
        return []
    weights = MODELS[model]([verdict.winner.at - touch.at for touch in eligible])
    credits = split(ONE, weights)
    values = split(verdict.value, weights)
    return [Share(*share) for share in zip(eligible, credits, values, strict=True)]
