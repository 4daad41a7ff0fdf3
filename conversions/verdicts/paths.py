"""Paths: the touches of a conversion's claimants, which of them may earn credit, and what each earns. Pure."""

from collections.abc import Iterable, Sequence

import msgspec

from conversions.attribution.credit import BY_AGE, LEARNED, ONE, split
from conversions.attribution.fit import Learnt
from conversions.facts.person import Whose
from conversions.facts.records import Touch, in_order
from conversions.rules.reasons import TouchReason, WeighReason
from conversions.rules.terms import Terms
from conversions.verdicts.claims import Verdict


class Touchpoint(msgspec.Struct, frozen=True):
    """One touch of a path. `reason` says why it is not eligible, None if it is."""

    touch: Touch
    reason: TouchReason | None = None


class Share(msgspec.Struct, frozen=True):
    """What one touch gets of one conversion under one model: micros of the conversion and micros of its value."""

    touch: Touch
    credit: int
    value: int


def distinct(touches: Iterable[Touch]) -> list[Touch]:
    """Touches in order, copies of one hit id, or of one click id of one visitor, reduced to the earliest."""
    ordered = in_order(touches)
    return [touch for touch, first in zip(ordered, are_first(ordered), strict=True) if first]


def are_first(ordered: Iterable[Touch]) -> list[bool]:
    """Of touches in order, whether each is the first of its hit id and of its click id of one visitor."""
    found, hits, click_ids = [], set(), set()
    for touch in ordered:
        click_id = (touch.visitor, touch.network, touch.click_id) if touch.click_id else None
        first = touch.hit not in hits and click_id not in click_ids
        if first:
            hits.add(touch.hit)
        if first and click_id:
            click_ids.add(click_id)
        found.append(first)
    return found


def out_of_window(touch: Touch, verdict: Verdict) -> TouchReason | None:
    """Why a touch is too late or too early for a conversion, None if it is neither."""
    age = verdict.winner.at - touch.at
    window = verdict.version.click_window if touch.kind == "click" else verdict.version.view_window
    if age < 0:
        return "after_conversion"
    return "outside_window" if age > window else None


def newest_in_window(touches: Iterable[Touch], verdict: Verdict) -> list[Touch]:
    """Of the touches in the window the newest `most_touches` clicks and as many views.

    Every stored copy is one of them, though copies become one later: so a reader needs no more than the newest rows.
    Each kind for itself, or a flood of views would hide the click that beats them all.
    """
    inside = [touch for touch in touches if out_of_window(touch, verdict) is None]
    most = verdict.version.most_touches
    if len(inside) <= most:
        return inside
    clicks, views = ([touch for touch in inside if touch.kind == kind] for kind in ("click", "view"))
    return [*in_order(clicks)[-most:], *in_order(views)[-most:]]


def path_of(verdict: Verdict, touches: Iterable[Touch]) -> list[Touchpoint]:
    """Every touch of the claimants in order, eligible or with its reason.

    Window first, then the newest of each kind, then copies, then views.
    """
    ordered = in_order(touches)
    reasons = [out_of_window(touch, verdict) for touch in ordered]
    inside = _keep_newest(ordered, reasons, verdict.version.most_touches)
    firsts = are_first(ordered[n] for n in inside)
    clicked = any(first and ordered[n].kind == "click" for n, first in zip(inside, firsts, strict=True))
    for n, first in zip(inside, firsts, strict=True):
        if not first:
            reasons[n] = "duplicate"
        elif clicked and ordered[n].kind == "view":
            reasons[n] = "beaten_by_click"
    return [Touchpoint(touch, reason) for touch, reason in zip(ordered, reasons, strict=True)]


def _keep_newest(ordered: Sequence[Touch], reasons: list[TouchReason | None], most: int) -> list[int]:
    """The places of the touches in the window that may still earn credit; the others of them get their reason."""
    inside = [n for n, reason in enumerate(reasons) if reason is None]
    for kind in ("click", "view"):
        alike = [n for n in inside if ordered[n].kind == kind] if len(inside) > most else []
        for n in alike[: max(len(alike) - most, 0)]:
            reasons[n] = "beyond_newest"
    return [n for n in inside if reasons[n] is None]


#: A click of one person and visitor, and its click id with its network or else, without network, its hit id.
#: On a shared computer two persons may come by an address with one click id: each by a click of its own.
ClickKey = tuple[str, str, str, str]


def click_of(verdict: Verdict, touches: Iterable[Touch], whose: Whose) -> ClickKey | None:
    """The click that brought a conversion: the last one that may earn credit, None where none may."""
    eligible = (point.touch for point in path_of(verdict, touches) if point.reason is None)
    clicks = [touch for touch in eligible if touch.kind == "click"]
    if not clicks:
        return None
    click = clicks[-1]
    own = (click.network, click.click_id) if click.click_id else ("", click.hit)
    return whose(click), click.visitor, *own


def shares(
    verdict: Verdict, path: Sequence[Touchpoint], models: Iterable[str], terms: Terms, learnt: Learnt | None = None
) -> dict[str, list[Share]]:
    """What each eligible touch gets, by model; credits sum to exactly one conversion, values to its value.

    `learnt` is what the conversion's goal was in the month before, None where there is no fit of it.
    """
    eligible = [point.touch for point in path if point.reason is None]
    if len(eligible) < 2:
        # As most paths are: every model says the same.
        alone = [Share(touch, ONE, verdict.value) for touch in eligible]
        return dict.fromkeys(models, alone)
    ages = [verdict.winner.at - touch.at for touch in eligible]
    return {
        model: _shares(eligible, verdict.value, _weights(model, eligible, ages, terms, learnt)[0]) for model in models
    }


def weigh_reasons(path: Sequence[Touchpoint], learnt: Learnt | None) -> dict[str, WeighReason | None]:
    """Why data-driven models didn't weigh a path's touches as they say, None where they did or had nothing to weigh."""
    eligible = [point.touch for point in path if point.reason is None]
    if len(eligible) < 2:
        return dict.fromkeys(LEARNED)
    return {model: _weights(model, eligible, [0] * len(eligible), Terms(), learnt)[1] for model in LEARNED}


def _weights(
    model: str, touches: Sequence[Touch], ages: Sequence[int], terms: Terms, learnt: Learnt | None
) -> tuple[list[int], WeighReason | None]:
    if model in BY_AGE:
        return BY_AGE[model](ages, terms), None
    if learnt is None or not learnt.is_usable:
        return BY_AGE["linear"](ages, terms), "no_fit"
    return learnt.weigh(model, touches)


def _shares(touches: Sequence[Touch], value: int, weights: Sequence[int]) -> list[Share]:
    parts = zip(touches, split(ONE, weights), split(value, weights), strict=True)
    return [Share(*part) for part in parts]
