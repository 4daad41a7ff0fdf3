"""Spans: what the adapters do with stretches of visitors' timelines before and after reading. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

from conversions.facts.records import Conversion, Touch
from conversions.store.port import STORED_KINDS, Span

F = TypeVar("F", Touch, Conversion)
#: The touches of one kind in a span of one visitor.
Slice = tuple[Span, str]
#: Of visitors read together so many touches each are read, at most; who may have more is read alone, newest first.
FIRST_LOOK = 200


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


def read_newest(
    read: Callable[[Sequence[Slice]], Iterable[Sequence[Touch]]], newest: int, spans: Iterable[Span]
) -> Iterator[Touch]:
    """At least the newest of each kind of each span, perhaps some twice. `read` gives the newest of each slice.

    Several spans of a long timeline mostly end in one hour. So what comes before the earliest end is read once for all
    of them, and what lies between their ends beside it; only where that may be too much for one read are they halved.
    """
    by_visitor: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.until):
        by_visitor[span.visitor].append(span)
    groups = list(by_visitor.values())
    while groups:
        asked = [[*before_ends(group), *between_ends(group)] for group in groups]
        found = iter(read(list(chain(*asked))))
        halves: list[list[Span]] = []
        for group, slices in zip(groups, asked, strict=True):
            parts = list(islice(found, len(slices)))
            if any(len(part) >= newest for part in parts[len(before_ends(group)) :]):
                halves += [group[: len(group) // 2], group[len(group) // 2 :]]
            else:
                yield from chain(*parts)
        groups = halves


def before_ends(group: Sequence[Span]) -> list[Slice]:
    """Of one visitor's spans in the order of their ends: all until the first ends."""
    first = Span(group[0].visitor, min(span.since for span in group), group[0].until)
    return [(first, kind) for kind in STORED_KINDS["touch"]]


def between_ends(group: Sequence[Span]) -> list[Slice]:
    """Likewise, from then on until the last ends; nothing where all end at once."""
    first, last = group[0].until, group[-1].until
    rest = Span(group[0].visitor, first + 1, last)
    return [(rest, kind) for kind in STORED_KINDS["touch"]] if last > first else []


def are_many(touches: Iterable[Touch], most: int) -> set[str]:
    """The visitors of whom so many touches were read that there may be more."""
    counts = Counter(touch.visitor for touch in touches)
    return {visitor for visitor, count in counts.items() if count >= most}
