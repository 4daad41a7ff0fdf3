"""Carried: facts -> the click ids under which they are stored. Pure."""

from collections.abc import Iterable, Iterator
from typing import Literal

from conversions.facts.records import Conversion, Fact, Touch

#: The kinds of facts under a click id. `landed`: the touches of landing pages that carry the id. `touch`: the other
#: touches that carry the id. `conversion`: the conversions that name the id.
CarriedKind = Literal["landed", "touch", "conversion"]


def carried_by(facts: Iterable[Fact]) -> Iterator[tuple[str, Touch | Conversion]]:
    """Return each touch under every click id that it carries, and each conversion under the click id that it names."""
    for fact in facts:
        if isinstance(fact, Touch):
            yield from ((click, fact) for click in sorted(fact.carried))
        elif isinstance(fact, Conversion) and fact.click:
            yield fact.click, fact


def kind_carried(fact: Touch | Conversion) -> CarriedKind:
    """The kind under which a fact is stored for a click id."""
    if isinstance(fact, Conversion):
        return "conversion"
    return "landed" if fact.landed else "touch"
