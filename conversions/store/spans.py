"""Spans: what the adapters do with stretches of visitors' timelines before and after reading. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from conversions.facts import Conversion, Touch
from conversions.store.port import Span

F = TypeVar("F", Touch, Conversion)


def reach_of(spans: Iterable[Span]) -> list[Span]:
    """One span a visitor, from the earliest of its spans to the latest."""
    reach: dict[str, Span] = {}
    for span in spans:
        had = reach.get(span.visitor, span)
        reach[span.visitor] = Span(span.visitor, min(had.since, span.since), max(had.until, span.until))
    return list(reach.values())


def within(facts: Iterable[F], spans: Iterable[Span]) -> Iterator[F]:
    """The facts that lie in one of their visitor's spans."""
    by_visitor: dict[str, list[Span]] = {}
    for span in spans:
        by_visitor.setdefault(span.visitor, []).append(span)
    for fact in facts:
        if any(span.since <= fact.at <= span.until for span in by_visitor.get(fact.visitor, ())):
            yield fact


def are_many(touches: Iterable[Touch], most: int) -> set[str]:
    """The visitors of whom so many touches were read that there may be more."""
    counts = Counter(touch.visitor for touch in touches)
    return {visitor for visitor, count in counts.items() if count >= most}
