"""Paths: the touches that may earn credit for a conversion. Rules: `docs/models.md`, Paths."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from tests.properties.recomputation.claims import Claim
from tests.properties.recomputation.order import in_order, once_each
from tests.properties.recomputation.persons import Whose
from tests.properties.recomputation.records import Touch


def path_of(claim: Claim, touches: Iterable[Touch], whose: Whose, places: int) -> list[Touch]:
    """Return the eligible touches of a claim. The order of the filters matters."""
    most, claimants = min(claim.version.most_touches, places), claim.claimants(whose)
    inside = [touch for touch in touches if is_in_window(touch, claim)]
    seen = newest(inside, most, lambda touch: (touch.visitor, touch.kind))
    own = [touch for touch in seen if whose(touch) in claimants]
    return unbeaten(once_each(newest(own, most, lambda touch: touch.kind)))


def is_in_window(touch: Touch, claim: Claim) -> bool:
    """Whether a touch is not after the conversion, and not longer before it than the goal's window for its kind."""
    window = {"click": claim.version.click_window, "view": claim.version.view_window}[touch.kind]
    return 0 <= claim.winner.at - touch.at <= window


def newest(touches: Iterable[Touch], most: int, group: Callable[[Touch], object]) -> list[Touch]:
    """Return the newest touches of each group, at most `most` of each."""
    groups: dict[object, list[Touch]] = defaultdict(list)
    for touch in in_order(touches):
        groups[group(touch)].append(touch)
    return [touch for some in groups.values() for touch in some[-most:]]


def unbeaten(path: list[Touch]) -> list[Touch]:
    """Return the clicks of a path; or its views, if it has no clicks."""
    return [touch for touch in path if touch.kind == "click"] or path


def click_of(path: list[Touch], whose: Whose) -> tuple[str, ...] | None:
    """Return the key of the click that brought a conversion: person, visitor, network and click id. If the click has no
    click id, the key has its hit id."""
    click = path[-1] if path and path[-1].kind == "click" else None
    return (whose(click), click.visitor, click.network, click.click_id or click.hit) if click else None
