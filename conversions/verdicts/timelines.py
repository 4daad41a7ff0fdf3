"""Timelines: verdicts -> those touches of their claimants that are needed to give credit and to explain. Of each
timeline a bounded part is read. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from conversions.facts.records import Touch
from conversions.store.port import Span
from conversions.units.clock import FOR_EVER
from conversions.verdicts.budgets import for_its_click
from conversions.verdicts.claims import Verdict
from conversions.verdicts.paths import ByKind, by_kind, newest_in_window
from conversions.verdicts.people import People

#: Besides the touches that credit needs, an explanation reads others: older ones in the window, some before the window,
#: and some after the conversion. From each of these three, at most ALSO_READ touches of each kind are read, of all
#: visitors together; but of each visitor up to ALSO_LEAST, however many visitors there are.
ALSO_READ, ALSO_LEAST = 2_000, 10


class Timelines(msgspec.Struct, frozen=True):
    """Touches by visitor, each kind in order; and the People that names their persons."""

    people: People
    touches: Mapping[str, ByKind]

    def by_kind(self, verdict: Verdict) -> Iterator[tuple[str, ByKind]]:
        """Each claimant with the touches of each of its visitors. Some of these touches may be other persons'."""
        for person in verdict.claimants:
            found = (self.touches.get(visitor) for visitor in self.people.visitors(person))
            yield from ((person, touches) for touches in found if touches)

    def of(self, verdict: Verdict) -> Iterator[tuple[str, Sequence[Touch]]]:
        """Each claimant with the touches of each of its visitors, both kinds together. Some of these touches may be
        other persons'."""
        for person, touches in self.by_kind(verdict):
            yield person, [*touches["click"], *touches["view"]]


class TouchSpan(msgspec.Struct, frozen=True):
    """A span of the claimants' timelines (ms, both ends inclusive). The newest `most` touches of each kind are read."""

    since: int
    until: int
    most: int


def read_drawn(people: People, verdicts: Iterable[Verdict]) -> Timelines:
    """Read what credit needs: at least the newest touches of each claimant in the window."""
    return _read(people, ((verdict, window_of(verdict)) for verdict in verdicts))


def read_explained(people: People, verdicts: Iterable[Verdict]) -> Timelines:
    """Read what an explanation needs: more touches in the window, and some before and after it."""
    return _read(people, ((verdict, span) for verdict in verdicts for span in explained_spans(verdict, people)))


def drawn(verdict: Verdict, timelines: Timelines) -> tuple[Touch, ...]:
    """The touches of a verdict's path: of the newest touches of each visitor, those that are the claimants' own. The
    result is the same whatever other touches were read."""
    newest = ((person, newest_in_window(touches, verdict)) for person, touches in timelines.by_kind(verdict))
    return tuple(touch for person, touches in newest for touch in touches if timelines.people.of(touch) == person)


def explained(verdict: Verdict, timelines: Timelines) -> tuple[Touch, ...]:
    """All touches of the claimants that were read."""
    read = timelines.of(verdict)
    return tuple(touch for person, touches in read for touch in touches if timelines.people.of(touch) == person)


def is_cut(verdict: Verdict, timelines: Timelines) -> bool:
    """Whether the claimants may have touches that were not read."""
    spans = explained_spans(verdict, timelines.people)
    counts = Counter(
        (span.most, span.since, touch.visitor, touch.kind)
        for touch in {touch for _, touches in timelines.of(verdict) for touch in touches}
        for span in spans
        if span.since <= touch.at <= span.until
    )
    return any(count >= most for (most, *_), count in counts.items())


def window_of(verdict: Verdict) -> TouchSpan:
    """The span of the goal's longer window, with the number of touches that credit needs. If the goal counts one per
    click, as many are read as may be needed to find the conversion's click."""
    at, version = verdict.winner.at, verdict.version
    most = verdict.most_touches
    if version.counting == "click":
        most = max(most, for_its_click(verdict).most_touches)
    return TouchSpan(at - max(version.click_window, version.view_window), at, most)


def explained_spans(verdict: Verdict, people: People) -> list[TouchSpan]:
    """The spans that an explanation reads."""
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
