"""Turns: several workers share what is marked, and none waits for one that died."""

from uuid import uuid4

import pytest

from conversions.marks import turns
from conversions.marks.marks import (
    SUM,
    WHOLE_SITE,
    Mark,
    close_mark,
    mark_buckets,
    mark_parts,
    mark_places,
    mark_site,
    mark_sums,
    open_marks,
)
from conversions.marks.turns import (
    LONGEST_ONWARD_REST_MS,
    LONGEST_REST_MS,
    due_marks,
    due_site_marks,
    release_marks,
    take_marks,
)
from conversions.units.clock import HOUR_MS, LONGEST_HOLD_MS

pytestmark = pytest.mark.django_db

NOW = 1_795_176_000_000


@pytest.fixture
def site() -> str:
    """A site of the test's own, with three marked parts of an hour."""
    site = f"turns-{uuid4().hex}"
    mark_parts(site, [(NOW, part) for part in range(3)])
    return site


def parts(marks: list[Mark]) -> list[int]:
    """Return the parts of marks."""
    return sorted(mark.part for mark in marks)


def test_no_two_workers_take_one_mark_at_once(site: str) -> None:
    noted = open_marks(site)
    assert parts(take_marks(noted[:2], NOW, NOW + 10)) == [0, 1]
    assert parts(take_marks(noted, NOW, NOW + 10)) == [2]
    assert parts(due_marks(NOW, False, site)) == []


def test_what_a_worker_held_when_it_died_is_free_after_a_while(site: str) -> None:
    noted = open_marks(site)
    take_marks(noted, NOW, NOW + 10)
    assert parts(due_marks(NOW + 9, False, site)) == []
    assert parts(due_marks(NOW + 10, False, site)) == [0, 1, 2]
    assert parts(take_marks(noted, NOW + 10, NOW + 20)) == [0, 1, 2]


def test_a_clock_that_ran_ahead_holds_nothing_for_ever(site: str) -> None:
    noted = open_marks(site)
    take_marks(noted, NOW + 3 * LONGEST_HOLD_MS, NOW + 3 * LONGEST_HOLD_MS + 10)
    assert parts(due_marks(NOW, False, site)) == [0, 1, 2]


def test_a_mark_that_was_closed_or_marked_again_since_it_was_noted_is_not_taken(site: str) -> None:
    noted = open_marks(site)
    close_mark(noted[0])
    mark_parts(site, [(NOW, 1)])
    assert parts(take_marks(noted, NOW, NOW + 10)) == [2]
    assert take_marks([], NOW, NOW + 10) == []


def test_what_is_released_may_be_taken_at_once(site: str) -> None:
    noted = open_marks(site)
    release_marks(take_marks(noted, NOW, NOW + 10))
    assert parts(take_marks(noted, NOW, NOW + 10)) == [0, 1, 2]


def test_sums_and_parts_have_turns_of_their_own_and_whole_sites_have_none(site: str) -> None:
    mark_sums([(site, NOW)])
    mark_site(site)
    assert parts(due_marks(NOW, False, site)) == [0, 1, 2]
    assert parts(due_marks(NOW, True, site)) == [SUM]


def test_onward_marks_of_a_site_rest_together_and_the_mark_of_the_whole_site_does_not(site: str) -> None:
    mark_places({}, [(site, NOW)])
    (onward,) = due_site_marks(NOW, site)
    close_mark(onward, rests_until=NOW + 10)
    mark_places({}, [(site, NOW - HOUR_MS)])
    assert due_site_marks(NOW + 9, site) == []
    mark_site(site)
    assert [mark.bucket for mark in due_site_marks(NOW + 9, site)] == [WHOLE_SITE]
    for now in (NOW + 10, NOW - LONGEST_ONWARD_REST_MS, None):
        assert len(due_site_marks(now, site)) == 2


def test_a_part_of_an_open_hour_rests_and_one_of_an_hour_that_is_over_does_not(site: str) -> None:
    Mark.objects.filter(site=site).update(rests_until=NOW + HOUR_MS - 1)
    assert parts(due_marks(NOW + HOUR_MS - LONGEST_REST_MS, False, site)) == []
    assert parts(due_marks(NOW + HOUR_MS, False, site)) == [0, 1, 2]


def test_a_tick_looks_at_those_that_waited_longest_and_at_the_newest(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOKED_AT", 2)
    mark_buckets(site, [NOW + hour * HOUR_MS for hour in range(1, 9)])
    for n, mark in enumerate(open_marks(site)):
        Mark.objects.filter(pk=mark.pk).update(tried=n)
    found = due_marks(NOW, False, site)
    assert sorted((mark.bucket - NOW) // HOUR_MS for mark in found) == [0, 0, 7, 8]
