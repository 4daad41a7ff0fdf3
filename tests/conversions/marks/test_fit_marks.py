"""Fit marks: a fitter takes a month's mark, writes the fits, notes them in the mark, and closes the mark."""

from uuid import uuid4

import pytest

from conversions.marks.fit_marks import WHENEVER, clear_told, close_fits, hold_fits, is_rolling, open_fits, take_fits
from conversions.marks.marks import WHOLE_SITE, FitMark, draw_token, mark_buckets, mark_fits, mark_places
from conversions.units.clock import HOUR_MS

pytestmark = pytest.mark.django_db

MONTH = "2026-10"


@pytest.fixture
def site() -> str:
    """A site of the test's own."""
    return f"fits-{uuid4().hex}"


def take(site: str, now: int = WHENEVER, until: int = 0) -> FitMark:
    """Take the site's only open mark."""
    (mark,) = open_fits(site)
    taken = take_fits(mark, now, until)
    assert taken is not None
    return taken


def test_each_month_is_marked_once_and_the_oldest_comes_first(site: str) -> None:
    for month in ("2026-11", MONTH, "2026-11"):
        mark_fits([(site, month)])
    assert [(mark.site, mark.month) for mark in open_fits(site)] == [(site, MONTH), (site, "2026-11")]
    assert (site, MONTH) in [(mark.site, mark.month) for mark in open_fits()]


def test_taking_a_mark_draws_a_token_newer_than_the_mark(site: str) -> None:
    mark_fits([(site, MONTH)])
    taken = take(site)
    assert taken.token < taken.writer < draw_token()


def test_closing_a_mark_keeps_what_was_said_of_the_fits(site: str) -> None:
    mark_fits([(site, MONTH)])
    assert close_fits(take(site), "abc", 0)
    assert open_fits(site) == []
    mark_fits([(site, MONTH)])
    assert take(site).told == "abc"


def test_a_month_that_was_marked_again_meanwhile_stays_open(site: str) -> None:
    mark_fits([(site, MONTH)])
    taken = take(site)
    mark_fits([(site, MONTH)])
    assert not close_fits(taken, "abc", 0)
    assert take(site).told == "abc"


def test_an_overtaken_fitter_cannot_write_or_close(site: str) -> None:
    mark_fits([(site, MONTH)])
    slow, fast = take(site), take(site)
    assert not clear_told(slow)
    assert not close_fits(slow, "slow", 0)
    assert close_fits(fast, "fast", 0)
    assert FitMark.objects.get(site=site).told == "fast"


def test_an_overtaking_fitter_learns_that_other_fits_may_be_stored(site: str) -> None:
    mark_fits([(site, MONTH)])
    close_fits(take(site), "old", 0)
    mark_fits([(site, MONTH)])
    assert clear_told(take(site))
    assert take(site).told == ""


def test_beat_takes_a_held_mark_only_after_the_hold_has_expired(site: str) -> None:
    mark_fits([(site, MONTH)])
    held = take(site, now=1_000, until=2_000)
    assert take_fits(held, 1_999, 3_000) is None
    assert take(site, now=2_000, until=3_000).held_until == 3_000


def test_the_holder_of_a_mark_can_extend_or_release_it(site: str) -> None:
    mark_fits([(site, MONTH)])
    held = take(site, now=1_000, until=2_000)
    assert hold_fits(held, 3_000)
    assert take_fits(held, 2_500, 4_000) is None
    assert hold_fits(held, 0)
    assert take(site, now=2_500, until=4_000)
    assert not hold_fits(held, 5_000)


def test_a_month_waits_while_a_bucket_of_it_or_its_whole_site_is_freshly_marked(site: str) -> None:
    before = draw_token()
    mark_buckets(site, [10])
    assert is_rolling(site, 10, 11, before)
    assert not is_rolling(site, 11, 20, before)
    assert not is_rolling(site, 0, 10, before)
    assert not is_rolling(site, 10, 11, draw_token())
    mark_buckets(site, [WHOLE_SITE])
    assert is_rolling(site, 11, 20, before)


def test_a_month_waits_while_all_buckets_from_one_of_it_or_an_earlier_one_on_are_marked(site: str) -> None:
    before = draw_token()
    mark_places({}, [(site, 5 * HOUR_MS)])
    assert is_rolling(site, 9 * HOUR_MS, 10 * HOUR_MS, before)
    assert not is_rolling(site, 0, 4 * HOUR_MS, before)


def test_a_closed_mark_is_not_taken(site: str) -> None:
    mark_fits([(site, MONTH)])
    (seen,) = open_fits(site)
    close_fits(take(site), "abc", 0)
    assert take_fits(seen, WHENEVER, 0) is None
