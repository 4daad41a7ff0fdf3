"""Timelines: which touches of the claimants are read, for credit and, beside them, for explaining; never all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from conversions.claims import Verdict
from conversions.facts import Touch
from conversions.paths import newest_in_window
from conversions.store.port import FactReader, Span

FOR_EVER = 1 << 62
#: Of touches that credit is not drawn from, explaining reads so many of each visitor and kind: older ones in the
#: window, some before it and some after the conversion. However long a timeline is, a look at it isn't dear.
ALSO_TOLD = 2_000

#: Touches by visitor.
Timelines = Mapping[str, Sequence[Touch]]


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of the claimants' timelines (ms, both ends inclusive), and of each kind how many are read at most."""

    since: int
    until: int
    most: int


def read_drawn(store: FactReader, site: str, verdicts: Iterable[Verdict]) -> Timelines:
    """What credit is drawn from: of each claimant the newest touches in the window, perhaps more."""
    return _read(store, site, ((verdict, window_of(verdict)) for verdict in verdicts))


def read_told(store: FactReader, site: str, verdicts: Iterable[Verdict]) -> Timelines:
    """What explaining looks at: more in the window, and some before and after it."""
    return _read(store, site, ((verdict, stretch) for verdict in verdicts for stretch in told_of(verdict)))


def drawn(verdict: Verdict, timelines: Timelines) -> tuple[Touch, ...]:
    """The touches that a verdict's path is drawn from, the same whatever else was read."""
    return tuple(
        touch for visitor in verdict.claimants for touch in newest_in_window(timelines.get(visitor, ()), verdict)
    )


def told(verdict: Verdict, timelines: Timelines) -> tuple[Touch, ...]:
    """Every touch of the claimants that was read."""
    return tuple(touch for visitor in verdict.claimants for touch in timelines.get(visitor, ()))


def is_cut(verdict: Verdict, touches: Iterable[Touch]) -> bool:
    """Whether the claimants may have touches that explaining didn't read."""
    counts = Counter(
        (stretch.most, stretch.since, touch.visitor, touch.kind)
        for touch in touches
        for stretch in told_of(verdict)
        if stretch.since <= touch.at <= stretch.until
    )
    return any(count >= most for (most, *_), count in counts.items())


def window_of(verdict: Verdict) -> Stretch:
    """The longer of the goal's windows."""
    at, version = verdict.winner.at, verdict.version
    return Stretch(at - max(version.click_window, version.view_window), at, version.most_touches)


def told_of(verdict: Verdict) -> list[Stretch]:
    """The stretches that explaining reads."""
    window = window_of(verdict)
    return [
        Stretch(window.since, window.until, window.most + ALSO_TOLD),
        Stretch(0, window.since - 1, ALSO_TOLD),
        Stretch(window.until + 1, FOR_EVER, ALSO_TOLD),
    ]


def _read(store: FactReader, site: str, wanted: Iterable[tuple[Verdict, Stretch]]) -> Timelines:
    spans: dict[int, list[Span]] = defaultdict(list)
    for verdict, stretch in wanted:
        spans[stretch.most].extend(Span(visitor, stretch.since, stretch.until) for visitor in verdict.claimants)
    found = (touch for most, some in spans.items() for touch in store.read_touches(site, most, some))
    by_visitor: dict[str, dict[Touch, None]] = defaultdict(dict)
    for touch in found:
        by_visitor[touch.visitor][touch] = None
    return {visitor: list(touches) for visitor, touches in by_visitor.items()}
