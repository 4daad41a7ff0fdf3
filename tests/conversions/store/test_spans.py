"""Spans: a few reads of a long timeline serve several conversions of its visitor."""

from collections.abc import Sequence

from conversions.facts.records import Touch
from conversions.store.port import Span
from conversions.store.spans import Slice, read_newest

TOUCHES = [Touch(site="s", visitor="ann", kind="click", at=at, hit=f"h{at}") for at in range(5_000)]


class Timeline:
    """Reads the newest touches of slices of TOUCHES, and counts the slices and the touches that were read."""

    def __init__(self) -> None:
        self.slices = self.rows = 0

    def read(self, newest: int, slices: Sequence[Slice]) -> list[list[Touch]]:
        found = [
            [one for one in TOUCHES if one.kind == kind and span.since <= one.at <= span.until][-newest:]
            for span, kind in slices
        ]
        self.slices += len(slices)
        self.rows += sum(map(len, found))
        return found


def read(timeline: Timeline, newest: int, spans: Sequence[Span]) -> set[int]:
    """Return the times of the touches that were read."""
    return {one.at for one in read_newest(lambda slices: timeline.read(newest, slices), newest, spans)}


def test_many_conversions_of_an_hour_share_the_touches_before_them() -> None:
    timeline = Timeline()
    found = read(timeline, 2_000, [Span("ann", 0, 4_000 + n) for n in range(50)])
    assert found == set(range(2_001, 4_050))
    assert (timeline.slices, timeline.rows) == (4, 2_049)


def test_conversions_with_too_many_touches_between_them_are_read_in_halves() -> None:
    timeline = Timeline()
    found = read(timeline, 100, [Span("ann", 0, end) for end in (4_010, 1_000, 4_020, 1_010)])
    assert found == {*range(901, 1_011), *range(3_911, 4_021)}
    assert timeline.rows < 2 * 4 * 100


def test_conversions_of_one_instant_need_one_read_for_each_kind() -> None:
    timeline = Timeline()
    assert read(timeline, 5, [Span("ann", 0, 70), Span("ann", 60, 70)]) == {66, 67, 68, 69, 70}
    assert timeline.slices == 2
