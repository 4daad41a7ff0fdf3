"""Silence: when a goal that used to be met counts as silent."""

import pytest

from reporting.health.silence import Silence, silence_of, silences

DAYS = [f"2026-01-{day:02}" for day in range(1, 32)]


def day(number: int) -> str:
    return f"2026-01-{number:02}"


@pytest.mark.parametrize(
    ("met", "quiet"),
    [
        (range(1, 32), None),  # every day
        (range(1, 31), None),  # one quiet day is no silence
        (range(1, 30), 2),
        (
            [1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22, 25, 26],
            5,
        ),  # pauses of two days; five days are more than twice as many
        ([1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22, 25, 26, 27], None),  # four days are not more
        ([1, 2], None),  # too few days to know
        ([1, 11, 21], None),
        ([1, 2, 3], 28),
        ([], None),
    ],
)
def test_a_goal_is_silent_after_more_than_twice_its_longest_pause(met: list[int], quiet: int | None) -> None:
    found = silence_of("sale", [day(one) for one in met], DAYS)
    assert (found and found.quiet) == quiet


def test_a_goal_that_was_met_on_a_day_that_is_not_over_is_not_silent() -> None:
    assert silence_of("sale", [day(1), day(2), day(3), "2026-02-01"], DAYS) is None
    assert silence_of("sale", [day(1)], []) is None


def test_the_longest_silence_comes_first() -> None:
    met = {"a": [day(one) for one in range(1, 29)], "b": [day(1), day(2), day(4)], "c": DAYS}
    assert silences(met, DAYS) == [Silence("b", day(4), 27, 1), Silence("a", day(28), 3, 0)]
