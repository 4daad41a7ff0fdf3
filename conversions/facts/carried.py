"""Carried: facts -> the click ids under which they stand. Pure."""

from collections.abc import Iterable, Iterator
from typing import Literal

from conversions.facts.records import Conversion, Fact, Touch

#: What a click id has: touches that carry it, those apart that a landing page filed, and conversions that name it.
CarriedKind = Literal["landed", "touch", "conversion"]


def carried_by(facts: Iterable[Fact]) -> Iterator[tuple[str, Touch | Conversion]]:
    """Each touch under every click id that it carries, and each conversion under the one that it names."""
    for fact in facts:
        if isinstance(fact, Touch):
            yield from ((click, fact) for click in sorted(fact.carried))
        elif isinstance(fact, Conversion) and fact.click:
            yield fact.click, fact


def kind_carried(fact: Touch | Conversion) -> CarriedKind:
    """The kind under which a click id has a fact."""
    if isinstance(fact, Conversion):
        return "conversion"
    return "landed" if fact.landed else "touch"
