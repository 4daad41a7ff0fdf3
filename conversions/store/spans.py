"""Spans: plans few reads for many spans of visitors' timelines, and picks the facts that are inside the spans. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

from conversions.facts.records import Conversion, Joined, Touch
from conversions.store.port import STORED_KINDS, Span

F = TypeVar("F", bound=Touch | Conversion | Joined)
#: One visitor's clicks or views in a span: (span, kind).
Slice = tuple[Span, str]
#: If several visitors are read together, at most this many touches of each are read. A visitor who may have more
#: touches is then read alone, newest touches first.
FIRST_LOOK = 200


def covering_spans(spans: Iterable[Span]) -> list[Span]:
    """Return one span for each visitor, from the earliest start of the visitor's spans to the latest end. This span
    also covers the gaps between them."""
    reach: dict[str, Span] = {}
    for span in spans:
        had = reach.get(span.visitor, span)
        reach[span.visitor] = Span(span.visitor, min(had.since, span.since), max(had.until, span.until))
    return list(reach.values())


def within(facts: Iterable[F], spans: Iterable[Span]) -> Iterator[F]:
    """Yield the facts that are inside one of their visitor's spans."""
    by_visitor: dict[str, list[Span]] = {}
    for span in spans:
        by_visitor.setdefault(span.visitor, []).append(span)
    for fact in facts:
        if any(span.since <= fact.at <= span.until for span in by_visitor.get(fact.visitor, ())):
            yield fact


def read_newest(
    read: Callable[[Sequence[Slice]], Iterable[Sequence[Touch]]], newest: int, spans: Iterable[Span]
) -> Iterator[Touch]:
    """Read the newest touches of each span: its last `newest` clicks and its last `newest` views. The result may also
    have other touches, and some touches twice.

    `read`: a function that gets slices (a visitor's clicks or views in a span), and returns the last `newest` touches
    of each slice.

    Most spans of a long timeline end within one hour. Therefore all spans of a visitor are read together: the newest
    touches up to the earliest end, and the touches from there to the latest end. If a read between these ends returns
    `newest` touches, some may be missing. Then the spans are divided into two halves by their ends, and each half is
    read in the same way.
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
    """Return the slices (span, kind) that `read_newest` reads up to the earliest end of one visitor's spans. `group`:
    these spans, sorted by their ends."""
    first = Span(group[0].visitor, min(span.since for span in group), group[0].until)
    return [(first, kind) for kind in STORED_KINDS["touch"]]


def between_ends(group: Sequence[Span]) -> list[Slice]:
    """Return the slices (span, kind) that `read_newest` reads from the earliest to the latest end of one visitor's
    spans. Empty if all spans end at the same time. `group`: these spans, sorted by their ends."""
    first, last = group[0].until, group[-1].until
    rest = Span(group[0].visitor, first + 1, last)
    return [(rest, kind) for kind in STORED_KINDS["touch"]] if last > first else []


def visitors_with_more(touches: Iterable[Touch], most: int) -> set[str]:
    """Return the visitors of whom `most` touches or more were read. These visitors may have touches that were not
    read."""
    counts = Counter(touch.visitor for touch in touches)
    return {visitor for visitor, count in counts.items() if count >= most}
