"""Replay: makes facts and figures again from the archive. It goes on where it stopped, and counts nothing twice."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from conversions.configuration.loading import forget_cached_sites
from conversions.marks.marks import open_marks
from conversions.marks.ranges import Range, read_ranges
from conversions.models import AHEAD_MS, Goal, Replay
from conversions.replay.reading import object_range
from conversions.replay.replay import continue_replays, may_start_at
from conversions.store.port import Cell, Store
from conversions.tasks import replay_processor
from conversions.units.now import now_ms
from tests.rows import credit_rows
from tests.shop import DAY, HOUR, MINUTE, NOON, Shop
from tracker.archive import FolderArchive, archive_key
from tracker.collection.hit import Batch, Hit, batch_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(opened_store: Store, archive: FolderArchive) -> Shop:
    return Shop(opened_store)


def put(archive: FolderArchive, *hits: Hit, made_at: int = NOON, nonce: str = "a") -> str:
    return archive.put(Batch(batch_id(made_at, nonce), hits))


def replay(shop: Shop, *arguments: str) -> str:
    """Run the command and return its output."""
    output = StringIO()
    call_command("replay", "--site", shop.key, *arguments, stdout=output, stderr=output)
    return output.getvalue()


def cells(shop: Shop) -> list[Cell]:
    days = ["2026-10-20", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]
    return shop.store.read_cells(shop.key, ["last", "first", "linear", "clicks"], days)


def conversions(shop: Shop) -> int:
    """Return the conversions that are counted, in micros."""
    return sum(row.credit for cell in cells(shop) if cell.model == "last" for row in credit_rows(cell))


def test_facts_and_figures_are_made_again_from_the_archive_alone(shop: Shop, archive: FolderArchive) -> None:
    put(archive, shop.click("c1", -HOUR), shop.sale("s1", order="o1"))
    put(archive, shop.sale("s2", MINUTE, visitor="bob"), made_at=NOON + MINUTE)
    assert "3 hits of 2 batches replayed." in replay(shop)
    assert conversions(shop) == 2_000_000
    assert open_marks(shop.key) == []


def test_a_replay_over_existing_facts_counts_nothing_twice(shop: Shop, archive: FolderArchive) -> None:
    hits = [shop.click("c1", -HOUR), shop.sale("s1", order="o1"), shop.adjust("a1", "refund", "o1", MINUTE, 1_000_000)]
    key = put(archive, *hits)
    shop.process(*hits, batch=key.rpartition("/")[2].partition(".")[0])
    shop.roll_up()
    before, counts = cells(shop), shop.store.read_counts(shop.key, NOON)
    replay(shop)
    replay(shop, "--from", "2026-11-01", "--to", "2026-12-01")
    assert cells(shop) == before
    assert conversions(shop) == 1_000_000
    assert counts
    assert shop.store.read_counts(shop.key, NOON) == counts


def test_a_range_selects_hits_by_their_own_time_however_late_they_came(shop: Shop, archive: FolderArchive) -> None:
    late = NOON + 60 * DAY
    put(archive, shop.sale("inside", 0), shop.sale("before", -DAY), shop.sale("after", DAY), made_at=late)
    assert "1 hits of 1 batches" in replay(shop, "--from", "2026-11-20", "--to", "2026-11-21")
    assert conversions(shop) == 1_000_000


def test_a_range_includes_hits_whose_clock_was_ahead_of_their_batch() -> None:
    since, _ = object_range([Range("s", NOON, NOON + HOUR)])
    assert since == NOON - AHEAD_MS


def test_other_sites_are_left_alone(shop: Shop, archive: FolderArchive) -> None:
    other = Shop(shop.store)
    put(archive, shop.sale("s1"), other.sale("s2"))
    replay(shop)
    assert (conversions(shop), conversions(other)) == (1_000_000, 0)


def test_a_goal_made_retroactive_counts_over_last_month(shop: Shop, archive: FolderArchive) -> None:
    month_ago = -31 * DAY
    hits = [shop.click("c1", month_ago - HOUR), shop.hit("page", "p1", month_ago, url="https://s.example/thanks")]
    put(archive, *hits, made_at=NOON + month_ago)
    shop.process(*hits)
    shop.site.first_hit_at = "2026-10-01T00:00Z"
    shop.site.save()
    goal = Goal.objects.create(site=shop.site, key="thanks", path="/thanks")
    replay(shop)
    assert conversions(shop) == 0  # a new goal counts only later hits
    goal.make_retroactive(NOON - 60 * DAY)
    forget_cached_sites()
    replay(shop, "--from", "2026-10-01", "--to", "2026-11-01")
    assert conversions(shop) == 1_000_000
    (row,) = [row for cell in cells(shop) if cell.model == "last" for row in credit_rows(cell)]
    assert row.ad is not None
    assert row.ad.ad == "demo-ad"


class Failing(FolderArchive):
    """A folder with one object that can't be read, because a directory is in its place."""

    _unreadable = ""

    @property
    def unreadable(self) -> str:
        return self._unreadable

    @unreadable.setter
    def unreadable(self, key: str) -> None:
        if self._unreadable:
            (self.folder / self._unreadable).rmdir()
            (self.folder / "hidden").rename(self.folder / self._unreadable)
        if key:
            (self.folder / key).rename(self.folder / "hidden")
            (self.folder / key).mkdir()
        self._unreadable = key


@pytest.fixture
def failing(archive: FolderArchive) -> Failing:
    return Failing(archive.folder)


def test_a_stopped_replay_goes_on_where_it_stopped(shop: Shop, failing: Failing) -> None:
    keys = [put(failing, shop.sale(f"s{n}"), made_at=NOON + n * MINUTE) for n in range(5)]
    failing.unreadable = keys[3]
    with pytest.raises(CommandError, match=r"Is a directory: .*\. The same command goes on from here"):
        replay(shop)
    progress = Replay.objects.get(site=shop.key)
    assert (progress.last_key, progress.batches, progress.hits) == (keys[2], 3, 3)
    # A finished object is not read again. A second read of this object would fail.
    failing.unreadable = keys[0]
    output = replay(shop)
    assert f"Continuing after {keys[2]}" in output
    assert "5 hits of 5 batches replayed." in output
    assert conversions(shop) == 5_000_000
    progress.refresh_from_db()
    assert progress.ended_at is not None


def test_a_replay_can_be_restarted(shop: Shop, failing: Failing) -> None:
    keys = [put(failing, shop.sale(f"s{n}"), made_at=NOON + n * MINUTE) for n in range(3)]
    failing.unreadable = keys[2]
    with pytest.raises(CommandError):
        replay(shop)
    failing.unreadable = ""
    assert "3 hits of 3 batches replayed." in replay(shop, "--restart")


def test_a_goal_made_while_a_replay_is_stopped_counts_from_the_start_of_its_range(shop: Shop, failing: Failing) -> None:
    hits = [shop.hit("page", f"p{n}", n * MINUTE, url="https://s.example/thanks") for n in range(3)]
    keys = [put(failing, hit, made_at=hit.at) for hit in hits]
    failing.unreadable = keys[2]
    with pytest.raises(CommandError):
        replay(shop)
    failing.unreadable = ""
    Goal.objects.create(site=shop.site, key="thanks", path="/thanks").make_retroactive(0)
    forget_cached_sites()
    output = replay(shop)
    assert "Beginning again, because the configuration changed" in output
    assert "3 hits of 3 batches replayed." in output
    assert conversions(shop) == 3_000_000


def test_a_restarted_replay_goes_on_where_it_stopped_the_next_time(shop: Shop, failing: Failing) -> None:
    keys = [put(failing, shop.sale(f"s{n}"), made_at=NOON + n * MINUTE) for n in range(3)]
    failing.unreadable = keys[2]
    with pytest.raises(CommandError):
        replay(shop)
    shop.goal.make_retroactive(0)
    failing.unreadable = keys[1]
    with pytest.raises(CommandError):
        replay(shop)
    failing.unreadable = ""
    assert f"Continuing after {keys[0]}" in replay(shop)


def test_a_damaged_or_missing_object_is_left_out_and_reported(shop: Shop, archive: FolderArchive) -> None:
    damaged = put(archive, shop.sale("s1"))
    put(archive, shop.sale("s2"), made_at=NOON + MINUTE)
    (archive.folder / damaged).write_bytes(b"no gzip")
    output = replay(shop)
    assert "1 hits of 2 batches replayed." in output
    assert "1 batches were left out" in output
    assert conversions(shop) == 1_000_000


def test_rejected_hits_are_listed_once_and_old_facts_are_not_listed(shop: Shop, archive: FolderArchive) -> None:
    old = now_ms() - NOON - 400 * DAY
    put(archive, shop.hit("conversion", "h1", name="nothing"), shop.sale("old", old))
    replay(shop)
    replay(shop)
    assert [row.hit for row in shop.store.read_rejected(shop.key, NOON - HOUR, NOON + HOUR, 10)] == ["h1"]
    assert shop.store.read_rejected_counts(shop.key, NOON, NOON + 1) == {"no_goal": 1}
    assert shop.store.read_rejected(shop.key, NOON + old - HOUR, NOON + old + HOUR, 10) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--site", "none"], "No site has the key 'none'"),
        (["--from", "soon"], "from and to are days"),
        (["--from", "2026-11-21", "--to", "2026-11-21"], "The range is empty"),
    ],
)
def test_a_bad_range_ends_with_a_clear_line(shop: Shop, arguments: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        call_command("replay", *arguments)


def test_without_any_site_it_says_how_to_make_one(sql_store: Store, archive: FolderArchive) -> None:
    with pytest.raises(CommandError, match="There is no site yet"):
        call_command("replay")


class TestInTheBackground:
    """Beat runs the replays that staff asked for."""

    def carry_on(self, archive: FolderArchive, clock: Callable[[], int], until: int) -> None:
        continue_replays(archive, replay_processor(), clock, until)

    def test_beat_runs_a_replay_in_slices_to_the_end(self, shop: Shop, archive: FolderArchive) -> None:
        for n in range(4):
            put(archive, shop.sale(f"s{n}"), made_at=NOON + n * MINUTE)
        row = Replay.objects.create(site=shop.key, requested=True)
        done = []
        while Replay.objects.filter(pk=row.pk, ended_at=None).exists():
            now = now_ms()
            # Each reading of the clock is a second later. A slice therefore has time for one or two batches.
            ticks = iter(range(now, now + 100_000, 1_000))
            self.carry_on(archive, lambda ticks=ticks: next(ticks), now + 5_000)  # type: ignore[misc]
            row.refresh_from_db()
            done.append(row.batches)
        assert len(done) > 1
        assert done == sorted(done)
        assert (row.batches, row.hits, row.held_until, row.problem) == (4, 4, 0, "")
        shop.roll_up()
        assert conversions(shop) == 4_000_000

    def test_a_replay_waits_until_every_worker_knows_a_new_goal(
        self, shop: Shop, archive: FolderArchive, settings: Any
    ) -> None:
        settings.CONFIG_CACHE_SECONDS = 10
        put(archive, shop.sale("s1"))
        row = Replay.objects.create(site=shop.key, requested=True)
        shop.goal.make_retroactive(0)
        ready = may_start_at(read_ranges(shop.key, "", ""))
        assert 0 < ready - now_ms() <= 10_000
        self.carry_on(archive, lambda: ready - 1, ready + HOUR)
        row.refresh_from_db()
        assert (row.batches, row.held_until) == (0, 0)
        self.carry_on(archive, lambda: ready, ready + HOUR)
        row.refresh_from_db()
        assert row.ended_at is not None

    def test_a_replay_held_by_another_process_is_taken_only_after_the_hold_has_expired(
        self, shop: Shop, archive: FolderArchive
    ) -> None:
        put(archive, shop.sale("s1"))
        now = now_ms()
        row = Replay.objects.create(site=shop.key, requested=True, held_until=now + MINUTE)
        self.carry_on(archive, lambda: now, now + MINUTE)
        row.refresh_from_db()
        assert row.batches == 0
        self.carry_on(archive, lambda: now + MINUTE, now + 2 * MINUTE)
        row.refresh_from_db()
        assert row.ended_at is not None

    def test_a_hold_set_by_a_clock_far_ahead_is_ignored(self, shop: Shop, archive: FolderArchive) -> None:
        put(archive, shop.sale("s1"))
        now = now_ms()
        row = Replay.objects.create(site=shop.key, requested=True, held_until=now + 180 * MINUTE)
        self.carry_on(archive, lambda: now, now + MINUTE)
        row.refresh_from_db()
        assert row.ended_at is not None

    def test_a_replay_says_that_the_archive_is_away_and_goes_on_later(self, shop: Shop, failing: Failing) -> None:
        failing.unreadable = put(failing, shop.sale("s1"))
        row = Replay.objects.create(site=shop.key, requested=True)
        self.carry_on(failing, now_ms, now_ms() + MINUTE)
        row.refresh_from_db()
        assert "Is a directory" in row.problem
        assert (row.held_until, row.ended_at) == (0, None)
        failing.unreadable = ""
        self.carry_on(failing, now_ms, now_ms() + MINUTE)
        row.refresh_from_db()
        assert (row.problem, row.hits, row.last_key) == ("", 1, archive_key(batch_id(NOON, "a")))
        assert row.ended_at is not None

    def test_beat_does_not_take_a_commands_replay(self, shop: Shop, archive: FolderArchive) -> None:
        put(archive, shop.sale("s1"))
        row = Replay.objects.create(site=shop.key)
        self.carry_on(archive, now_ms, now_ms() + MINUTE)
        row.refresh_from_db()
        assert row.batches == 0


def test_links_are_made_again_whichever_batch_held_them(shop: Shop, archive: FolderArchive) -> None:
    put(archive, shop.sale("s1", visitor="laptop", user="ann"))
    put(archive, shop.click("c1", -HOUR, visitor="phone"), made_at=NOON + 1)
    put(archive, shop.hit("page", "in", HOUR, visitor="phone", user="ann"), made_at=NOON + 2)
    replay(shop)
    rows = [row for cell in cells(shop) if cell.model == "last" for row in credit_rows(cell)]
    assert [(row.ad.ad if row.ad else None, row.credit) for row in rows] == [("demo-ad", 1_000_000)]
