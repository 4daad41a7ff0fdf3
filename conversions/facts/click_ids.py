"""Click ids: lists the click ids under which touches and conversions are stored. The touch of the click that a
conversion names is found by this id. Pure."""

from collections.abc import Iterable, Iterator
from typing import Literal

from conversions.facts.records import Conversion, Fact, Touch

#: The kinds of rows that are stored under a click id. `landed`: touches of landing pages with the id, made from a
#: signed click. `touch`: other touches with the id. `conversion`: conversions that name the id.
ClickRowKind = Literal["landed", "touch", "conversion"]


def by_click_ids(facts: Iterable[Fact]) -> Iterator[tuple[str, Touch | Conversion]]:
    """List facts with their click ids, as pairs (click id, fact). A touch is listed once for each of its ids. A
    conversion is listed with the id that it names. Other facts are left out."""
    for fact in facts:
        if isinstance(fact, Touch):
            yield from ((click, fact) for click in sorted(fact.click_ids))
        elif isinstance(fact, Conversion) and fact.click:
            yield fact.click, fact


def click_row_kind(fact: Touch | Conversion) -> ClickRowKind:
    """Return the kind of the row that stores a fact under a click id: `conversion`, `landed` or `touch`. `landed` is a
    touch of a landing page with a signed click."""
    if isinstance(fact, Conversion):
        return "conversion"
    return "landed" if fact.landed else "touch"
