"""Click ids: under which click ids touches and conversions are stored. By these a conversion finds the touch of the
click that it names. Pure."""

from collections.abc import Iterable, Iterator
from typing import Literal

from conversions.facts.records import Conversion, Fact, Touch

#: The kinds of rows that are stored under a click id. `landed`: touches of landing pages that have the id. `touch`:
#: other touches that have it. `conversion`: conversions that name it.
ClickRowKind = Literal["landed", "touch", "conversion"]


def by_click_ids(facts: Iterable[Fact]) -> Iterator[tuple[str, Touch | Conversion]]:
    """List each fact with its click ids, as pairs (click id, fact). A touch is listed under each of its ids, a
    conversion under the id that it names."""
    for fact in facts:
        if isinstance(fact, Touch):
            yield from ((click, fact) for click in sorted(fact.click_ids))
        elif isinstance(fact, Conversion) and fact.click:
            yield fact.click, fact


def click_row_kind(fact: Touch | Conversion) -> ClickRowKind:
    """Return the kind of the row that stores a fact under a click id: `conversion`, `landed` for a touch of a landing
    page with a signed click, or `touch` for any other touch."""
    if isinstance(fact, Conversion):
        return "conversion"
    return "landed" if fact.landed else "touch"
