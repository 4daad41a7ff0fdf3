"""Rollups: figures stay right if two run at once, one stalls or dies, a tick is missed, or a bucket fails."""

import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, OperationalError

from conversions.configuration.loading import load_sites
from conversions.facts.records import Conversion, Touch
from conversions.marks import marks as sequence
from conversions.marks.marks import WHOLE_SITE, Mark
from conversions.marks.turns import LONGEST_REST_MS
from conversions.models import MatchRule
from conversions.store.port import Store, StoreUnavailable
from conversions.units.now import now_ms
from reporting.attempts import OUTAGE
from reporting.figures.cells import CLICKS
from reporting.rollup import ONWARD_REST_A_PART_MS, Roller
from tests.meanwhile import Meanwhile
from tests.rows import click_rows, credit_rows
from tests.running import CHECKOUT, Tracker, free_port
from tests.shop import HOUR, NOON, PRICE, Shop

pytestmark = pytest.mark.django_db

DAY = "2026-11-20"


class RolledShop(Shop):
    """A shop that shows what each rollup did. `limit`: the instant (ms) before which buckets are frozen."""

    AD = "one"
    limit = 0

    def roller(self, store: Any = None) -> Roller:
        """Return the roller that beat uses."""
        return Roller(store or self.store, sequence, load_sites, lambda: self.limit)

    def roll_up(self) -> list[int]:  # type: ignore[override]
        """Roll up all marked buckets. Return them as hours after NOON."""
        marks = self.roller().marked(self.key)
        self.roller().roll_up(*marks)
        return [(mark.bucket - NOON) // HOUR for mark in marks]

    def clicks(self) -> dict[str, int]:
        """Return clicks by ad."""
        cells = self.store.read_cells(self.key, [CLICKS], [DAY])
        return {row.ad.ad: row.clicks for cell in cells for row in click_rows(cell)}

    def credit(self, model: str = "last") -> dict[str | None, tuple[int, int]]:
        """Return credit and value by ad."""
        cells = self.store.read_cells(self.key, [model], [DAY])
        rows = [row for cell in cells for row in credit_rows(cell)]
        return {row.ad and row.ad.ad: (row.credit, row.value) for row in rows}


@pytest.fixture
def shop(store: Store) -> RolledShop:
    """A shop on each store."""
    return RolledShop(store)


class ReadsOld:
    """A store that gives a rollup stale facts: something else happens right after it has read a bucket."""

    def __init__(self, store: Store, meanwhile: Callable[[], Any]) -> None:
        self._store, self._meanwhile = store, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read_bucket(self, *args: Any) -> Any:
        """Read a bucket; then let something else happen before the facts are used."""
        facts = self._store.read_bucket(*args)
        self._meanwhile()
        return facts


def test_a_sale_is_credited_to_its_click_and_each_bucket_is_done_once(shop: RolledShop) -> None:
    shop.process(shop.click("t"), shop.sale("c", HOUR))
    assert shop.roll_up() == [1, 0]
    assert shop.credit() == {"one": (1_000_000, PRICE)}
    assert shop.clicks() == {"one": 1}
    assert shop.roll_up() == []


def test_a_late_click_gets_the_sale_that_was_unattributed(shop: RolledShop) -> None:
    shop.process(shop.sale("c", HOUR))
    shop.roll_up()
    assert shop.credit() == {None: (1_000_000, PRICE)}
    shop.process(shop.click("t"))
    assert shop.roll_up() == [1, 0]
    assert shop.credit() == {"one": (1_000_000, PRICE)}


def test_two_rollups_of_one_mark_leave_the_figures_of_one(shop: RolledShop) -> None:
    shop.process(shop.click("t"), shop.sale("c"))
    (mine,), (others,) = shop.roller().marked(shop.key), shop.roller().marked(shop.key)
    assert shop.roller().roll_up(mine)
    shop.roller().roll_up(others)
    assert shop.credit() == {"one": (1_000_000, PRICE)}
    assert shop.roll_up() == []


def test_a_stalled_rollup_overwrites_no_newer_figures_and_closes_no_newer_mark(shop: RolledShop) -> None:
    shop.process(shop.click("t"))
    (mark,) = shop.roller().marked(shop.key)

    def meanwhile() -> None:
        shop.process(shop.click("t2", 1, visitor="bob"))
        shop.roll_up()
        shop.process(shop.click("t3", 2, visitor="cyd"))

    assert not shop.roller(Meanwhile(shop.store, "write_cells", meanwhile)).roll_up(mark)
    assert shop.clicks() == {"one": 2}
    assert shop.roll_up() == [0]
    assert shop.clicks() == {"one": 3}


def test_a_hit_that_arrives_after_a_rollup_has_read_its_bucket_is_rolled_up_next(shop: RolledShop) -> None:
    shop.process(shop.click("t"))
    (mark,) = shop.roller().marked(shop.key)
    late = shop.click("t2", 1, visitor="bob")
    assert not shop.roller(ReadsOld(shop.store, lambda: shop.process(late))).roll_up(mark)
    assert shop.roll_up() == [0]
    assert shop.clicks() == {"one": 2}


def test_a_rollup_that_dies_is_repeated(shop: RolledShop) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    shop.process(shop.click("t"))
    (mark,) = shop.roller().marked(shop.key)
    with pytest.raises(KeyboardInterrupt):
        shop.roller(Meanwhile(shop.store, "write_cells", die)).roll_up(mark)
    assert shop.clicks() == {}
    assert shop.roll_up() == [0]
    assert shop.clicks() == {"one": 1}


def test_the_next_tick_makes_up_for_missed_ones(shop: RolledShop) -> None:
    for n in range(5):
        shop.process(shop.click(f"t{n}", n * HOUR))
    assert shop.roll_up() == [4, 3, 2, 1, 0]
    assert shop.clicks() == {"one": 1}


def test_a_renamed_ad_leaves_no_row_of_its_old_name_in_any_bucket(shop: RolledShop) -> None:
    shop.process(shop.click("t"), shop.sale("c", HOUR))
    shop.roll_up()
    shop.ad.key = "uno"
    shop.ad.save()
    MatchRule.objects.create(ad=shop.ad, source="x")
    assert shop.roll_up() == [1, 0]
    assert shop.clicks() == {"one": 1}  # the name that the touches give, because no configured ad matches now
    shop.ad.key = "one"
    shop.ad.save()
    shop.roll_up()
    assert shop.credit() == {"one": (1_000_000, PRICE)}


def test_a_retracted_sale_leaves_no_credit(shop: RolledShop) -> None:
    shop.process(shop.click("t"), shop.sale("c", order="o"))
    shop.roll_up()
    shop.process(shop.adjust("r", "retract", "o", HOUR))
    assert shop.roll_up() == [0]
    assert [shop.credit(model) for model in ("last", "first", "linear")] == [{}, {}, {}]
    assert shop.clicks() == {"one": 1}


def test_a_changed_configuration_rolls_up_every_bucket_except_frozen_ones(shop: RolledShop) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR) for n in range(4)))
    shop.roll_up()
    shop.limit = NOON + 2 * HOUR
    shop.ad.save()
    assert shop.roll_up() == [3, 2]
    assert sequence.open_marks(shop.key) == []


def test_a_site_marked_again_while_its_buckets_are_marked_is_marked_anew(shop: RolledShop) -> None:
    shop.process(shop.click("t"))
    shop.roll_up()
    shop.ad.save()
    (whole,) = sequence.open_marks(shop.key)
    shop.ad.save()
    assert whole.bucket == WHOLE_SITE
    assert not sequence.close_mark(whole)
    assert shop.roll_up() == [0]


def test_however_many_batches_could_not_be_read_their_later_hours_are_marked_once_from_the_earliest(
    shop: RolledShop,
) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR) for n in range(5)))
    shop.roll_up()
    for since in (3, 2, 4):
        sequence.mark_places({}, [(shop.key, NOON + (since + 1) * HOUR - 1)])
    assert shop.roll_up() == [4, 3, 2]
    assert sequence.open_marks(shop.key) == []


def test_the_later_hours_of_batches_that_could_not_be_read_rest_before_they_are_made_again(shop: RolledShop) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR) for n in range(5)))
    shop.roll_up()
    now = now_ms()
    roller = Roller(shop.store, sequence, load_sites, lambda: 0, lambda: now)
    sequence.mark_places({}, [(shop.key, NOON + HOUR - 1)])
    roller.roll_up(*roller.marked(shop.key, now))
    sequence.mark_places({}, [(shop.key, NOON + 2 * HOUR - 1)])
    assert roller.marked(shop.key, now + 5 * ONWARD_REST_A_PART_MS - 1) == []
    assert sequence.first_mark(shop.key) == NOON + HOUR
    assert len(roller.marked(shop.key, now + 5 * ONWARD_REST_A_PART_MS)) == 4


def test_the_rollup_by_hand_lets_nothing_rest(shop: RolledShop) -> None:
    shop.process(shop.click("t"))
    for _ in range(2):
        sequence.mark_places({}, [(shop.key, NOON + HOUR - 1)])
        assert shop.roll_up() == [0]


class DyingMarks:
    """Marks whose process is killed before it writes any."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sequence, name)

    def mark_parts(self, *_args: Any) -> None:
        """The process is killed."""
        raise KeyboardInterrupt


def test_if_marking_a_whole_sites_buckets_dies_it_is_repeated(shop: RolledShop) -> None:
    shop.process(shop.click("t"))
    shop.roll_up()
    shop.ad.save()
    with pytest.raises(KeyboardInterrupt):
        Roller(shop.store, DyingMarks(), load_sites, lambda: 0).marked(shop.key)
    assert shop.roll_up() == [0]


def test_a_mark_on_a_frozen_bucket_is_dropped_and_its_figures_stay(shop: RolledShop) -> None:
    shop.process(shop.click("t"))
    shop.roll_up()
    shop.process(shop.click("t2", visitor="bob"))
    shop.limit = NOON + 1
    assert shop.roll_up() == [0]
    assert shop.clicks() == {"one": 1}
    assert sequence.open_marks(shop.key) == []


class Breaks:
    """A store that fails to read some buckets."""

    def __init__(self, store: Store, error: Exception, *buckets: int) -> None:
        self._store, self._error, self._buckets = store, error, buckets
        self.tries: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read_bucket(self, site: str, bucket: int, *part: Any) -> list[Touch | Conversion]:
        """Read a bucket, or fail."""
        self.tries.append(bucket)
        if bucket in self._buckets:
            raise self._error
        return self._store.read_bucket(site, bucket, *part)


FAILURES = [
    ValueError("damaged row"),
    DataError("a number out of range"),
    StoreUnavailable("read timed out"),
    OperationalError("canceling statement due to statement timeout"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_bucket_that_fails_delays_no_other_and_stays_marked(shop: RolledShop, error: Exception) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR, visitor=f"v{n}") for n in range(3)))
    roller = shop.roller(Breaks(shop.store, error, NOON + HOUR))
    assert [bool(roller.attempt([mark])) for mark in roller.marked(shop.key)] == [True, False, True]
    assert [mark.bucket for mark in sequence.open_marks(shop.key)] == [NOON + HOUR]


def test_if_the_store_is_away_the_tick_ends_early_and_all_buckets_stay_marked(shop: RolledShop) -> None:
    hours = [NOON + n * HOUR for n in range(9)]
    shop.process(*(shop.click(f"t{at}", at - NOON) for at in hours))
    store = Breaks(shop.store, StoreUnavailable("gone"), *hours)
    roller = shop.roller(store)
    marks = roller.marked(shop.key)
    with pytest.raises(StoreUnavailable):
        deque(roller.attempt([mark]) for mark in marks)
    assert len(store.tries) == OUTAGE
    assert len(sequence.open_marks(shop.key)) == 9


def test_many_bad_buckets_do_not_delay_others_forever(shop: RolledShop) -> None:
    hours = [NOON + n * HOUR for n in range(9)]
    shop.process(*(shop.click(f"t{at}", at - NOON) for at in hours))
    bad = hours[-OUTAGE - 1 :]
    for _ in hours:
        roller = shop.roller(Breaks(shop.store, StoreUnavailable("read timed out"), *bad))
        with suppress(StoreUnavailable):
            deque(roller.attempt([mark]) for mark in roller.marked(shop.key))
    assert [mark.bucket for mark in sequence.open_marks(shop.key)] == bad


def test_the_command_rolls_up_other_buckets_before_it_reports_a_failed_one(
    shop: RolledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR) for n in range(3)))
    roller = shop.roller(Breaks(shop.store, StoreUnavailable("read timed out"), NOON + HOUR))
    monkeypatch.setattr("reporting.management.commands.rollup.roller", lambda: roller)
    with pytest.raises(CommandError, match="read timed out"):
        call_command("rollup", "--wait", "0", "--site", shop.key)
    assert [mark.bucket for mark in sequence.open_marks(shop.key)] == [NOON + HOUR]


def test_no_bucket_waits_forever_if_more_are_marked_than_a_tick_can_do(sql_store: Store) -> None:
    roller = Roller(sql_store, sequence, lambda _: {}, lambda: 0)
    sites = [f"busy{n}" for n in range(4)]
    for site in sites:
        sequence.mark_buckets(site, [NOON - HOUR, NOON - 2 * HOUR])
    done: list[tuple[str, int]] = []
    for _tick in range(12):
        for site in sites:
            sequence.mark_buckets(site, [NOON])
        for mark in roller.marked()[:2]:
            roller.attempt([mark])
            done.append((mark.site, mark.bucket))
    assert len(set(done)) == 12
    assert all(done.count((site, NOON)) >= 3 for site in sites)


def test_rolling_up_a_whole_year_does_not_delay_other_sites_open_hours(sql_store: Store) -> None:
    roller = Roller(sql_store, sequence, lambda _: {}, lambda: 0)
    sequence.mark_buckets("a-recounted", [NOON - n * HOUR for n in range(1, 1000)])
    for mark in roller.marked()[:10]:
        roller.attempt([mark])
    live = [f"live{n}" for n in range(4)]
    for site in live:
        sequence.mark_buckets(site, [NOON])
    assert {mark.site for mark in roller.marked()[:8]} >= set(live)


def test_a_deleted_site_leaves_no_mark(shop: RolledShop) -> None:
    sequence.mark_buckets("no-such-site", [NOON])
    (mark,) = sequence.open_marks("no-such-site")
    assert shop.roller().roll_up(mark)
    assert Mark.objects.filter(site="no-such-site", marked=True).count() == 0


def test_if_the_broker_is_away_the_command_ends_with_one_line(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, {"BROKER_URL": f"amqp://127.0.0.1:{free_port()}//"})
    tracker.migrate()
    command = [sys.executable, "manage.py", "rollup", "--wait", "1"]
    done = subprocess.run(command, env=tracker.env, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("CommandError: Stopped: the broker: ")


def test_a_change_of_configuration_during_a_tick_is_in_the_figures_after_the_next(shop: RolledShop) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR, ad="", url="https://s/?utm_source=x") for n in (0, 1)))
    roller = shop.roller(Meanwhile(shop.store, "read_bucket", lambda: MatchRule.objects.create(ad=shop.ad, source="x")))
    assert len(roller.attempt(roller.marked(shop.key))) == 2, "closed with the old configuration"
    assert shop.roll_up() == [1, 0]
    assert shop.clicks() == {"one": 1}


def test_the_configuration_of_a_site_is_read_once_per_tick(shop: RolledShop) -> None:
    shop.process(*(shop.click(f"t{n}", n * HOUR) for n in range(40)))
    read: list[Any] = []

    def load(keys: Any) -> Any:
        read.append(keys)
        return load_sites(keys)

    roller = Roller(shop.store, sequence, load, lambda: 0)
    for batch in roller.batches(roller.marked(shop.key)):
        roller.attempt(batch)
    assert read == [{shop.key}]
    assert sequence.open_marks(shop.key) == []


def test_a_bucket_that_cannot_be_written_delays_no_other_in_its_batch(shop: RolledShop) -> None:
    class Refuses:
        def __getattr__(self, name: str) -> Any:
            return getattr(shop.store, name)

        def write_cells(self, sets: Any) -> None:
            """Fail for the cells of the second bucket."""
            if any(cell.start == NOON + HOUR for one in sets for cell in one.cells):
                raise DataError("too long")
            shop.store.write_cells(sets)

    shop.process(*(shop.click(f"t{n}", n * HOUR) for n in range(3)))
    roller = shop.roller(Refuses())
    done = roller.attempt(roller.marked(shop.key))
    assert sorted(mark.bucket - NOON for mark in done) == [0, 2 * HOUR]
    assert [mark.bucket - NOON for mark in sequence.open_marks(shop.key)] == [HOUR]
    (failed,) = sequence.open_marks(shop.key)
    assert list(roller.batches([failed, failed])) == [[failed], [failed]], "a bucket that failed is tried alone"


class Slow:
    """A store that needs `seconds` to read a bucket by a clock of its own."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self._store, self._passed = store, 0.0
        monkeypatch.setattr("reporting.maker.time.monotonic", lambda: self._passed)
        self.seconds = 2.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read_bucket(self, site: str, bucket: int, *part: Any) -> list[Touch | Conversion]:
        """Read a bucket and move the clock."""
        self._passed += self.seconds
        return self._store.read_bucket(site, bucket, *part)


def rest_of(shop: RolledShop, store: Slow, now: int) -> int:
    """Return how long (ms) the bucket of NOON waits after a rollup at `now` (ms) until it is rolled up again."""
    shop.process(shop.click(uuid4().hex))
    roller = Roller(store, sequence, load_sites, lambda: 0, lambda: now)  # type: ignore[arg-type]
    roller.roll_up(*roller.marked(shop.key))
    shop.process(shop.click(uuid4().hex))
    return next(n for n in range(0, HOUR + 1, 10_000) if roller.marked(shop.key, now + n))


def test_the_open_hour_rests_ten_times_as_long_as_it_took_and_a_past_hour_not_at_all(
    shop: RolledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Slow(shop.store, monkeypatch)
    assert rest_of(shop, store, NOON + HOUR // 2) == 20_000
    store.seconds = 60
    assert rest_of(shop, store, NOON + HOUR // 2) == LONGEST_REST_MS
    assert rest_of(shop, store, NOON + HOUR - 60_000) == 60_000, "an hour that is over is rolled up"
    assert rest_of(shop, store, NOON + HOUR) == 0
