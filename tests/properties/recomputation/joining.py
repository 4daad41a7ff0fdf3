"""Joining: finds the touch that a conversion names by a click id. Rules: `docs/models.md`, Joined by a click."""

from collections import Counter
from collections.abc import Callable, Iterable

from tests.properties.recomputation.addresses import named
from tests.properties.recomputation.order import in_order
from tests.properties.recomputation.records import Conversion, Touch

Brought = Callable[[Conversion], list[Touch]]


def brought_by(touches: Iterable[Touch], conversions: Iterable[Conversion], reach: int, most_naming: int) -> Brought:
    """Return a function from a conversion to [the touch with the click id that it names], or [].

    A click id that more than `most_naming` conversions name has no touch.
    """
    naming = Counter(row.click for row in conversions)
    landed_first = sorted(in_order(touches), key=lambda touch: not touch.landed)

    def brought(row: Conversion) -> list[Touch]:
        if naming[row.click] > most_naming:
            return []
        near = (touch for touch in landed_first if 0 <= row.at - touch.at <= reach)
        return [touch for touch in near if row.click and row.click in ids_of(touch)][:1]

    return brought


def ids_of(touch: Touch) -> set[str]:
    """Return the click ids of a touch: those of networks, and the touch's hit id if `/click` made or handed over the
    click."""
    ids = [
        touch.click_id,
        *(value for _, value in touch.other_ids),
        *([touch.hit] if touch.issued or touch.landed else []),
    ]
    return {named(one) for one in ids}
