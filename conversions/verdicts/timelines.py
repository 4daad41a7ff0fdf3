"""Timelines: reads the touches of a conversion's persons: as many as credit needs, or more for an explanation. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from conversions.facts.records import Touch
from conversions.store.port import Span
from conversions.units.clock import FOR_EVER
from conversions.verdicts.budgets import limited_for_click
from conversions.verdicts.claims import Verdict
from conversions.verdicts.paths import ByKind, by_kind, newest_in_window
from conversions.verdicts.people import People

#: An explanation also reads touches that credit doesn't need. They are in three spans: older touches in the window,
#: touches before the window, and touches after the conversion. In each span, at most ALSO_READ clicks and as many views
#: are read, divided evenly among the visitors. But of each visitor, at least ALSO_LEAST are read.
ALSO_READ, ALSO_LEAST = 2_000, 10


class Timelines(msgspec.Struct, frozen=True):
    """The touches that were read: visitor -> clicks and views. `people`: finds the person of each touch."""

    people: People
    touches: Mapping[str, ByKind]

    def by_kind(self, verdict: Verdict) -> Iterator[tuple[str, ByKind]]:
        """List the touches of every claimant's visitors, visitor by visitor, as pairs (claimant, clicks and views).
        Some of a visitor's touches may belong to other persons."""
        for person in verdict.claimants:
            found = (self.touches.get(visitor) for visitor in self.people.visitors(person))
            yield from ((person, touches) for touches in found if touches)

    def of(self, verdict: Verdict) -> Iterator[tuple[str, Sequence[Touch]]]:
        """List the touches of every claimant's visitors, visitor by visitor, as pairs (claimant, touches). Some of a
        visitor's touches may belong to other persons."""
        for person, touches in self.by_kind(verdict):
            yield person, [*touches["click"], *touches["view"]]


class TouchSpan(msgspec.Struct, frozen=True):
    """Which touches of a visitor to read: those from `since` to `until` (ms, both included), at most the newest `most`
    clicks and the newest `most` views."""

    since: int
    until: int
    most: int


def read_for_credit(people: People, verdicts: Iterable[Verdict]) -> Timelines:
    """Read the touches that credit needs: for each person of each verdict, at least the newest touches in the
    window."""
    return _read(people, ((verdict, window_of(verdict)) for verdict in verdicts))


def read_for_explanation(people: People, verdicts: Iterable[Verdict]) -> Timelines:
    """Read the touches that an explanation needs: more touches in the window than credit needs, and some before and
    after the window."""
    return _read(people, ((verdict, span) for verdict in verdicts for span in explanation_spans(verdict, people)))


def path_touches(verdict: Verdict, timelines: Timelines) -> tuple[Touch, ...]:
    """Return the touches on a conversion's path: of each visitor, the newest touches in the window, if they belong to a
    claimant. The result doesn't depend on how many more touches were read."""
    newest = ((person, newest_in_window(touches, verdict)) for person, touches in timelines.by_kind(verdict))
    return tuple(touch for person, touches in newest for touch in touches if timelines.people.of(touch) == person)


def all_touches(verdict: Verdict, timelines: Timelines) -> tuple[Touch, ...]:
    """Return all touches that were read and belong to the conversion's persons."""
    read = timelines.of(verdict)
    return tuple(touch for person, touches in read for touch in touches if timelines.people.of(touch) == person)


def is_cut(verdict: Verdict, timelines: Timelines) -> bool:
    """Whether the conversion's persons may have touches that were not read."""
    spans = explanation_spans(verdict, timelines.people)
    counts = Counter(
        (span.most, span.since, touch.visitor, touch.kind)
        for touch in {touch for _, touches in timelines.of(verdict) for touch in touches}
        for span in spans
        if span.since <= touch.at <= span.until
    )
    return any(count >= most for (most, *_), count in counts.items())


def window_of(verdict: Verdict) -> TouchSpan:
    """Return which touches are read for credit: those in the longer of the goal's two windows. A goal that counts one
    conversion per click may need more of them, because they are searched for the click."""
    at, version = verdict.winner.at, verdict.version
    most = verdict.most_touches
    if version.counting == "click":
        most = max(most, limited_for_click(verdict).most_touches)
    return TouchSpan(at - max(version.click_window, version.view_window), at, most)


def explanation_spans(verdict: Verdict, people: People) -> list[TouchSpan]:
    """Return the three spans that an explanation reads: the window, the time before the window, and the time after the
    conversion."""
    visitors = sum(len(people.visitors(person)) for person in verdict.claimants)
    window, also = window_of(verdict), max(ALSO_READ // max(visitors, 1), ALSO_LEAST)
    return [
        TouchSpan(window.since, window.until, window.most + also),
        TouchSpan(0, window.since - 1, also),
        TouchSpan(window.until + 1, FOR_EVER, also),
    ]


def _read(people: People, wanted: Iterable[tuple[Verdict, TouchSpan]]) -> Timelines:
    spans: dict[int, list[Span]] = defaultdict(list)
    for verdict, span in wanted:
        for person in verdict.claimants:
            visitors = people.visitors(person)
            spans[span.most].extend(Span(visitor, span.since, span.until) for visitor in visitors)
    found = [touch for most, some in spans.items() for touch in people.read_touches(most, some)]
    by_visitor: dict[str, dict[Touch, None]] = defaultdict(dict)
    for touch in found:
        by_visitor[touch.visitor][touch] = None
    return Timelines(people, {visitor: by_kind(touches) for visitor, touches in by_visitor.items()})
