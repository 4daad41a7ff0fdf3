"""Who makes a month's fits: the marks that are taken, told and closed."""

from uuid import uuid4

import pytest

from conversions.marks.fit_marks import WHENEVER, close_fits, hold_fits, is_rolling, open_fits, take_fits, untell
from conversions.marks.marks import WHOLE_SITE, FitMark, draw_token, mark_buckets, mark_fits

pytestmark = pytest.mark.django_db

MONTH = "2026-10"


@pytest.fixture
def site() -> str:
    """A site of the test's own."""
    return f"fits-{uuid4().hex}"


def take(site: str, now: int = WHENEVER, until: int = 0) -> FitMark:
    """The site's only open mark, taken."""
    (mark,) = open_fits(site)
    taken = take_fits(mark, now, until)
    assert taken is not None
    return taken


def test_months_are_marked_each_once_and_the_oldest_comes_first(site: str) -> None:
    for month in ("2026-11", MONTH, "2026-11"):
        mark_fits([(site, month)])
    assert [(mark.site, mark.month) for mark in open_fits(site)] == [(site, MONTH), (site, "2026-11")]
    assert (site, MONTH) in [(mark.site, mark.month) for mark in open_fits()]


def test_who_takes_a_mark_writes_under_a_token_that_is_newer_than_the_mark(site: str) -> None:
    mark_fits([(site, MONTH)])
    taken = take(site)
    assert taken.token < taken.writer < draw_token()


def test_a_mark_goes_and_what_was_told_stays(site: str) -> None:
    mark_fits([(site, MONTH)])
    assert close_fits(take(site), "abc", 0)
    assert open_fits(site) == []
    mark_fits([(site, MONTH)])
    assert take(site).told == "abc"


def test_a_mark_that_was_drawn_again_meanwhile_stays_open(site: str) -> None:
    mark_fits([(site, MONTH)])
    taken = take(site)
    mark_fits([(site, MONTH)])
    assert not close_fits(taken, "abc", 0)
    assert take(site).told == "abc"


def test_who_was_overtaken_neither_writes_nor_tells_nor_closes(site: str) -> None:
    mark_fits([(site, MONTH)])
    slow, fast = take(site), take(site)
    assert not untell(slow)
    assert not close_fits(slow, "slow", 0)
    assert close_fits(fast, "fast", 0)
    assert FitMark.objects.get(site=site).told == "fast"


def test_who_overtakes_learns_that_other_fits_may_be_stored_by_then(site: str) -> None:
    mark_fits([(site, MONTH)])
    close_fits(take(site), "old", 0)
    mark_fits([(site, MONTH)])
    assert untell(take(site))
    assert take(site).told == ""


def test_beat_leaves_alone_what_another_holds_and_takes_it_when_that_is_over(site: str) -> None:
    mark_fits([(site, MONTH)])
    held = take(site, now=1_000, until=2_000)
    assert take_fits(held, 1_999, 3_000) is None
    assert take(site, now=2_000, until=3_000).held_until == 3_000


def test_who_holds_a_mark_may_hold_it_longer_or_let_it_go(site: str) -> None:
    mark_fits([(site, MONTH)])
    held = take(site, now=1_000, until=2_000)
    assert hold_fits(held, 3_000)
    assert take_fits(held, 2_500, 4_000) is None
    assert hold_fits(held, 0)
    assert take(site, now=2_500, until=4_000)
    assert not hold_fits(held, 5_000)


def test_a_month_is_rolled_up_as_long_as_a_bucket_of_it_or_its_whole_site_is_freshly_marked(site: str) -> None:
    before = draw_token()
    mark_buckets(site, [10])
    assert is_rolling(site, 10, 11, before)
    assert not is_rolling(site, 11, 20, before)
    assert not is_rolling(site, 0, 10, before)
    assert not is_rolling(site, 10, 11, draw_token())
    mark_buckets(site, [WHOLE_SITE])
    assert is_rolling(site, 11, 20, before)


def test_a_mark_that_another_closed_is_not_taken(site: str) -> None:
    mark_fits([(site, MONTH)])
    (seen,) = open_fits(site)
    close_fits(take(site), "abc", 0)
    assert take_fits(seen, WHENEVER, 0) is None
