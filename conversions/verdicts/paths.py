"""Paths: decides which touches of a conversion may earn credit, and divides the conversion among them under each model.
Pure."""

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
    """A touch of a path. `reason`: why it may not earn credit; None if it may."""

    touch: Touch
    reason: TouchReason | None = None


class Share(msgspec.Struct, frozen=True):
    """The share of one conversion that one touch gets under one model. `credit`: micros of the conversion. `value`:
    micros of the conversion's value."""

    touch: Touch
    credit: int
    value: int


def counted_once(touches: Iterable[Touch]) -> list[Touch]:
    """Sort touches. Of the touches with the same click key, which count as one click or view, keep only the
    earliest."""
    first: dict[str, Touch] = {}
    for touch in in_order(touches):
        first.setdefault(click_key(touch), touch)
    return list(first.values())


def first_copies(ordered: Iterable[Touch]) -> list[bool]:
    """Return for each touch whether it counts as new (True) or as a copy of an earlier touch (False). `ordered`: the
    touches in order.

    Touches are copies if they have the same hit id, or the same visitor, ad network and click id. A touch is compared
    only with the new touches before it, not with copies.
    """
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
    """Return why a touch is outside the window of a conversion: because it is too late or too early. None if it is
    inside."""
    age = verdict.winner.at - touch.at
    window = verdict.version.click_window if touch.kind == "click" else verdict.version.view_window
    if age < 0:
        return "after_conversion"
    return "outside_window" if age > window else None


#: The clicks and the views of one visitor, each in order.
ByKind = Mapping[TouchKind, Sequence[Touch]]


def by_kind(touches: Iterable[Touch]) -> ByKind:
    """Divide the touches of one visitor into clicks and views, each in order."""
    found: dict[TouchKind, list[Touch]] = {"click": [], "view": []}
    for touch in in_order(touches):
        found[touch.kind].append(touch)
    return found


def newest_in_window(touches: ByKind, verdict: Verdict) -> list[Touch]:
    """Return the newest `most_touches` clicks in the window, and as many of the newest views.

    Every stored copy of a touch counts towards the limit. Therefore only the newest rows need to be read. Clicks and
    views have separate limits. Otherwise many views could push out a click, although a click beats views.
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
    """List the touches of a conversion's persons in order, each with the reason why it may not earn credit; None if it
    may.

    The first of these that is true is the reason:

    1. The touch is outside the window: `after_conversion` or `outside_window`.
    2. At least `most_touches` newer touches of its kind are in the window: `beyond_newest`.
    3. The touch is a copy of an earlier touch: `duplicate`.
    4. The touch is a view, and the path has a click: `beaten_by_click`.
    """
    ordered = in_order(touches)
    reasons = [out_of_window(touch, verdict) for touch in ordered]
    inside = _keep_newest(ordered, reasons, verdict.most_touches)
    firsts = first_copies(ordered[n] for n in inside)
    clicked = any(first and ordered[n].kind == "click" for n, first in zip(inside, firsts, strict=True))
    for n, first in zip(inside, firsts, strict=True):
        if not first:
            reasons[n] = "duplicate"
        elif clicked and ordered[n].kind == "view":
            reasons[n] = "beaten_by_click"
    return [Touchpoint(touch, reason) for touch, reason in zip(ordered, reasons, strict=True)]


def _keep_newest(ordered: Sequence[Touch], reasons: list[TouchReason | None], most: int) -> list[int]:
    """Return the indexes of the touches that are in the window and among the newest `most` of their kind. In `reasons`,
    the other touches in the window get the reason `beyond_newest`."""
    inside = [n for n, reason in enumerate(reasons) if reason is None]
    for kind in ("click", "view"):
        alike = [n for n in inside if ordered[n].kind == kind] if len(inside) > most else []
        for n in alike[: max(len(alike) - most, 0)]:
            reasons[n] = "beyond_newest"
    return [n for n in inside if reasons[n] is None]


#: The key of a click: (person, visitor, ad network, click id), or (person, visitor, "", hit id) if it has no click id.
#: The key needs the person, because two persons on a shared computer may open a URL with one click id. These are two
#: clicks.
ClickKey = tuple[str, str, str, str]


def conversion_click(verdict: Verdict, touches: Iterable[Touch], whose: Whose) -> ClickKey | None:
    """Return the key of the click that led to a conversion: the last click on its path that may earn credit. None if
    there is no such click."""
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
    """Divide a conversion among its touches under each model. Returns model -> the share of each eligible touch.

    The credits of a model sum to exactly one conversion, and the values to exactly its value. `learnt`: the fit of the
    goal from the month before; None if there is none.
    """
    eligible = [point.touch for point in path if point.reason is None]
    if len(eligible) < 2:
        # Most paths have at most one touch. All models then agree.
        alone = [Share(touch, ONE, verdict.value) for touch in eligible]
        return dict.fromkeys(models, alone)
    ages = [verdict.winner.at - touch.at for touch in eligible]
    return {
        model: _shares(eligible, verdict.value, _weights(model, eligible, ages, terms, learnt)[0]) for model in models
    }


def weigh_reasons(path: Sequence[Touchpoint], learnt: Learnt | None) -> dict[str, WeighReason | None]:
    """For each data-driven model, return why it could not give each ad its own weight. The reason is None if the model
    could, or if there is only one touch."""
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
