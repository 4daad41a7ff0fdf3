"""Marks and their tokens, on the configuration database that the settings name."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from conversions.marks.marks import (
    ONWARD,
    WHOLE_SITE,
    Mark,
    Sequence,
    close_mark,
    draw_token,
    first_bucket,
    first_mark,
    known_buckets,
    known_parts,
    mark_buckets,
    mark_parts,
    mark_places,
    onward_bucket,
    open_marks,
)
from conversions.units.clock import HOUR_MS, bucket_of

SECOND_US = 1_000_000


@pytest.fixture
def site() -> str:
    """A site of the test's own."""
    return f"marks-{uuid4().hex}"


def token_of(site: str, bucket: int) -> int:
    """Return the token of a bucket."""
    return Mark.objects.get(site=site, bucket=bucket).token


@pytest.mark.django_db
def test_tokens_are_microseconds_of_the_clock_and_always_grow() -> None:
    before = time.time_ns() // 1000
    tokens = [draw_token() for _ in range(200)]
    assert before - SECOND_US < tokens[0] < before + 60 * SECOND_US
    assert tokens == sorted(set(tokens))


@pytest.mark.django_db
def test_tokens_grow_although_the_clock_is_set_back() -> None:
    ahead = draw_token() + 3600 * SECOND_US
    Sequence.objects.update(last=ahead)
    assert [draw_token(), draw_token()] == [ahead + 1, ahead + 2]


@pytest.mark.django_db
def test_tokens_of_a_restored_database_are_greater_than_all_before() -> None:
    newest = draw_token()
    Sequence.objects.update(last=newest - 3600 * SECOND_US)
    time.sleep(0.01)  # SQLite's clock counts ms, and a real restore takes longer
    assert draw_token() > newest
    Sequence.objects.all().delete()
    assert draw_token() > newest


@pytest.mark.django_db
def test_a_mark_keeps_the_greatest_token_and_one_row(site: str) -> None:
    mark_buckets(site, [1, 2, 2])
    first = token_of(site, 1)
    mark_buckets(site, [2, 3])
    assert token_of(site, 1) == first
    assert token_of(site, 2) == token_of(site, 3) > first
    assert [mark.bucket for mark in open_marks(site)] == [1, 2, 3]


@pytest.mark.django_db
def test_a_mark_is_closed_only_if_its_token_is_unchanged(site: str) -> None:
    mark_buckets(site, [1])
    (noted,) = open_marks(site)
    mark_buckets(site, [1])
    assert not close_mark(noted)
    (newer,) = open_marks(site)
    assert close_mark(newer)
    assert open_marks(site) == []


@pytest.mark.django_db
def test_a_bucket_stays_known_after_its_mark_is_closed(site: str) -> None:
    mark_buckets(site, [5, WHOLE_SITE])
    for mark in open_marks(site):
        close_mark(mark)
    assert known_buckets(site) == [5]
    mark_buckets(site, [5])
    assert [mark.bucket for mark in open_marks(site)] == [5]


@pytest.mark.django_db
def test_marks_of_whole_sites_come_first_and_sites_are_separate(site: str) -> None:
    other = f"{site}-other"
    mark_buckets(site, [1])
    mark_buckets(other, [WHOLE_SITE, 0])
    mine = [(mark.site, mark.bucket) for mark in open_marks() if mark.site in (site, other)]
    assert mine == [(other, WHOLE_SITE), (other, 0), (site, 1)]
    assert [mark.bucket for mark in open_marks(site)] == [1]


@pytest.mark.django_db
def test_the_first_mark_and_the_first_bucket_of_a_site_are_read_alone(
    site: str, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    assert (first_mark(site), first_bucket(site)) == (None, None)
    mark_buckets(site, range(3, 900))
    close_mark(open_marks(site)[0])
    with django_assert_num_queries(2), connection.execute_wrapper(refuse_all_rows):
        assert (first_mark(site), first_bucket(site)) == (4, 3)
    mark_buckets(site, [WHOLE_SITE])
    assert (first_mark(site), first_bucket(site)) == (WHOLE_SITE, 3)


def refuse_all_rows(execute: Callable[..., object], sql: str, *rest: object) -> object:
    """Refuse queries that read more than one row."""
    assert "MIN(" in sql
    return execute(sql, *rest)


@pytest.mark.django_db
def test_an_onward_mark_begins_at_or_before_the_bucket_of_its_instant_in_every_timezone(site: str) -> None:
    since = 1_790_000_000_000
    for zone in ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"):
        assert onward_bucket(since) <= bucket_of(since, zone)
    assert onward_bucket(5) == 0


@pytest.mark.django_db
def test_an_onward_mark_is_one_row_of_its_hour_and_no_known_bucket(site: str) -> None:
    mark_places({}, [(site, 5 * HOUR_MS)])
    mark_places({}, [(site, 5 * HOUR_MS - 1), (site, 9 * HOUR_MS)])
    first, second = open_marks(site)
    assert (first.bucket, first.part, second.bucket) == (4 * HOUR_MS, ONWARD, 8 * HOUR_MS)
    assert first.is_of_site
    assert first.token == second.token
    assert first_mark(site) == 4 * HOUR_MS
    assert (known_parts(site), first_bucket(site)) == ([], None)


@pytest.mark.django_db
def test_very_many_parts_are_marked_under_several_tokens(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversions.marks.marks.AT_ONCE", 2)
    mark_parts(site, [(1, part) for part in range(5)])
    tokens = [mark.token for mark in open_marks(site)]
    assert tokens == sorted(tokens)
    assert len(set(tokens)) == 3


@pytest.mark.django_db
def test_nothing_to_mark_draws_no_token(site: str) -> None:
    before = draw_token()
    Sequence.objects.update(last=before + 3600 * SECOND_US)
    mark_buckets(site, [])
    assert Sequence.objects.get().last == before + 3600 * SECOND_US


@pytest.mark.django_db
def test_a_year_of_buckets_is_marked_at_once(site: str) -> None:
    mark_buckets(site, range(0, 9000))
    mark_buckets(site, range(0, 9000))
    assert len(known_buckets(site)) == len(open_marks(site)) == 9000


@pytest.mark.django_db(transaction=True)
def test_workers_that_mark_the_same_buckets_at_once_leave_the_greatest_token(site: str) -> None:
    def mark(turn: int) -> None:
        while True:
            try:
                return mark_buckets(site, [1, 2, 3] if turn % 2 else [3, 2])
            except OperationalError:
                time.sleep(0.01)  # SQLite's tests run in memory, where a writer doesn't wait its turn
            finally:
                connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mark, range(40)))
    last = Sequence.objects.get().last
    assert max(token_of(site, bucket) for bucket in (1, 2, 3)) == last
    assert token_of(site, 2) == token_of(site, 3) == last
