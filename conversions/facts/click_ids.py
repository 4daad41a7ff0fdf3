"""Click ids: the ids under which touches and conversions are stored, and by which a conversion finds its touch.
Pure."""

from collections.abc import Iterable, Iterator
from typing import Literal

from conversions.facts.records import Conversion, Fact, Touch

#: The kinds of rows that are stored under a click id. `landed`: touches of landing pages that have the id. `touch`:
#: other touches that have it. `conversion`: conversions that name it.
ClickRowKind = Literal["landed", "touch", "conversion"]


def by_click_ids(facts: Iterable[Fact]) -> Iterator[tuple[str, Touch | Conversion]]:
    """List facts with their click ids, as pairs (click id, fact). A touch comes once for each of its ids, a conversion
    for the id that it names."""
    for fact in facts:
        if isinstance(fact, Touch):
            yield from ((click, fact) for click in sorted(fact.click_ids))
        elif isinstance(fact, Conversion) and fact.click:
            yield fact.click, fact


def click_row_kind(fact: Touch | Conversion) -> ClickRowKind:
    """Return the kind of row under which a fact is stored for a click id."""
    if isinstance(fact, Conversion):
        return "conversion"
    return "landed" if fact.landed else "touch"
