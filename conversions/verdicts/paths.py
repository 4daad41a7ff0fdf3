"""Paths: the touches of a conversion's claimants -> which of them may earn credit, and each one's share. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from conversions.attribution.credit import BY_AGE, LEARNED, ONE, split
from conversions.attribution.fit import Learnt
from conversions.facts.person import Whose
from conversions.facts.records import Touch, TouchKind, in_order
from conversions.facts.slots import click_key
from conversions.rules.reasons import TouchReason, WeighReason
from conversions.rules.terms import Terms
from conversions.verdicts.claims import Verdict


class Touchpoint(msgspec.Struct, frozen=True):
    """One touch of a path. `reason` says why it isn't eligible, None if it is."""

    touch: Touch
    reason: TouchReason | None = None


class Share(msgspec.Struct, frozen=True):
    """The share of one touch in one conversion under one model: micros of the conversion, and micros of its value."""

    touch: Touch
    credit: int
    value: int


def counted_once(touches: Iterable[Touch]) -> list[Touch]:
    """Touches in order, the earliest of each click key."""
    first: dict[str, Touch] = {}
    for touch in in_order(touches):
        first.setdefault(click_key(touch), touch)
    return list(first.values())


def are_first(ordered: Iterable[Touch]) -> list[bool]:
    """For each touch, in order: whether it is the first of its copies. It is not if a first touch before it has the
    same hit id; or the same visitor, network and click id."""
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
    """The reason why a touch is too late or too early for a conversion; None if it is in the window."""
    age = verdict.winner.at - touch.at
    window = verdict.version.click_window if touch.kind == "click" else verdict.version.view_window
    if age < 0:
        return "after_conversion"
    return "outside_window" if age > window else None


#: The touches of one visitor by kind, each kind in order.
ByKind = Mapping[TouchKind, Sequence[Touch]]


def by_kind(touches: Iterable[Touch]) -> ByKind:
    """Group the touches of one visitor by kind, each group in order."""
    found: dict[TouchKind, list[Touch]] = {"click": [], "view": []}
    for touch in in_order(touches):
        found[touch.kind].append(touch)
    return found


def newest_in_window(touches: ByKind, verdict: Verdict) -> list[Touch]:
    """The newest `most_touches` clicks in the window, and as many views.

    Every stored copy of a touch counts towards the limit, although only one of the copies may earn credit. Therefore
    only the newest rows need to be read. Clicks and views have separate limits. Otherwise many views would push out a
    click, which takes precedence over them.
    """
    windows: Mapping[TouchKind, int] = {"click": verdict.version.click_window, "view": verdict.version.view_window}
    found: list[Touch] = []
    for kind, window in windows.items():
        first = bisect_left(touches[kind], verdict.winner.at - window, key=_at)
        end = bisect_right(touches[kind], verdict.winner.at, key=_at)
        found += touches[kind][max(first, end - verdict.most_touches) : end]
    return found


def _at(touch: Touch) -> int:
    return touch.at


def path_of(verdict: Verdict, touches: Iterable[Touch]) -> list[Touchpoint]:
    """Every touch of the claimants in order, eligible or with the reason why it isn't.

    First the window is applied, then the limit of each kind. Then all copies of a touch but the first are left out.
    Last, if a click is left, views are left out.
    """
    ordered = in_order(touches)
    reasons = [out_of_window(touch, verdict) for touch in ordered]
    inside = _keep_newest(ordered, reasons, verdict.most_touches)
    firsts = are_first(ordered[n] for n in inside)
    clicked = any(first and ordered[n].kind == "click" for n, first in zip(inside, firsts, strict=True))
    for n, first in zip(inside, firsts, strict=True):
        if not first:
            reasons[n] = "duplicate"
        elif clicked and ordered[n].kind == "view":
            reasons[n] = "beaten_by_click"
    return [Touchpoint(touch, reason) for touch, reason in zip(ordered, reasons, strict=True)]


def _keep_newest(ordered: Sequence[Touch], reasons: list[TouchReason | None], most: int) -> list[int]:
    """The indexes of the touches in the window that may still earn credit. The others get the reason
    `beyond_newest`."""
    inside = [n for n, reason in enumerate(reasons) if reason is None]
    for kind in ("click", "view"):
        alike = [n for n in inside if ordered[n].kind == kind] if len(inside) > most else []
        for n in alike[: max(len(alike) - most, 0)]:
            reasons[n] = "beyond_newest"
    return [n for n in inside if reasons[n] is None]


#: What identifies a click: person, visitor, network and click id. For a click without a click id: person, visitor, an
#: empty text and the hit id. On a shared computer two persons may open an address with one click id. These are two
#: clicks.
ClickKey = tuple[str, str, str, str]


def click_of(verdict: Verdict, touches: Iterable[Touch], whose: Whose) -> ClickKey | None:
    """The key of the click that led to a conversion: of the last click that may earn credit; None if there is none."""
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
    """Compute the share of each eligible touch, by model. Under each model, credits sum to exactly one conversion, and
    values to exactly the conversion's value.

    `learnt`: the fit of the conversion's goal in the month before; None if there is none.
    """
    eligible = [point.touch for point in path if point.reason is None]
    if len(eligible) < 2:
        # Most paths have at most one touch. All models are then equal.
        alone = [Share(touch, ONE, verdict.value) for touch in eligible]
        return dict.fromkeys(models, alone)
    ages = [verdict.winner.at - touch.at for touch in eligible]
    return {
        model: _shares(eligible, verdict.value, _weights(model, eligible, ages, terms, learnt)[0]) for model in models
    }


def weigh_reasons(path: Sequence[Touchpoint], learnt: Learnt | None) -> dict[str, WeighReason | None]:
    """Why each data-driven model did not weigh a path by its ads; None if it did, or if there is nothing to weigh."""
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
