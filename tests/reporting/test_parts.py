"""Parts: large hours are divided, and a late hit has only its own part rolled up again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.core.management import CommandError, call_command

from conversions.configuration.loading import load_sites
from conversions.explain.find import find_order
from conversions.facts.records import Conversion, Touch
from conversions.facts.slots import slot_of
from conversions.marks import days as day_list
from conversions.marks import marks as sequence
from conversions.marks.marks import SUM, draw_token, open_marks
from conversions.marks.parts import AHEAD_MS, PartStep, raise_parts, read_parts
from conversions.marks.process import Processor
from conversions.rules.parts import Part, Parts
from conversions.store.port import CellSet, Store, StoreUnavailable
from conversions.verdicts import naming
from conversions.verdicts.sizes import page_of, pages_of
from reporting import tasks
from reporting.days import DayMaker
from reporting.figures.cells import CLICKS
from reporting.figures.parts import PART
from reporting.report.answer import answer
from reporting.report.query import read_query
from reporting.rollup import Roller
from reporting.tasks import roll_up as tick
from tests.explaining import explained
from tests.meanwhile import Meanwhile
from tests.rows import click_rows, credit_rows
from tests.shop import HOUR, MINUTE, NOON, Shop
from tracker.collection.hit import Hit

pytestmark = pytest.mark.django_db

DAY = "2026-11-20"
NUMBER = 16


@pytest.fixture
def shop(store: Store) -> Shop:
    """A shop on each store. Its hours have 16 parts."""
    shop = Shop(store)
    PartStep.objects.create(site=shop.key, since=0, number=NUMBER)
    return shop


def part_of(hit: str) -> int:
    """Return the part of a click with this hit id."""
    return slot_of(Touch(site="", visitor="", kind="click", at=0, hit=hit)) * NUMBER // 256


def hits_of(part: int) -> list[str]:
    """Return ids of clicks that are in the same part."""
    return [hit for n in range(200) if part_of(hit := f"h{n}") == part]


def marked(shop: Shop) -> list[int]:
    """Return the marked parts. SUM stands for the sum."""
    return sorted(mark.part for mark in open_marks(shop.key))


def clicks(shop: Shop) -> dict[str, int]:
    """Return the clicks in the hours' cells, by ad."""
    cells = shop.store.read_cells(shop.key, [CLICKS], [DAY])
    return {row.ad.ad: row.clicks for cell in cells for row in click_rows(cell)}


def roller(store: Any, clock: Callable[[], int] = lambda: NOON) -> Roller:
    """Return the roller that beat uses."""
    return Roller(store, sequence, load_sites, lambda: 0, clock)


def test_an_hour_has_the_greatest_number_of_parts_set_until_then() -> None:
    parts = Parts(((5, 16), (9, 256)))
    assert [parts.number_at(bucket) for bucket in (4, 5, 8, 9)] == [1, 16, 16, 256]
    assert Parts(((5, 256), (9, 16))).number_at(9) == 256
    assert [parts.part_of((5, slot)).index for slot in (0, 15, 16, 255)] == [0, 0, 1, 15]
    assert [part.slots for part in Parts(((0, 16),)).of(0)][-2:] == [(224, 240), (240, 256)]


def test_every_fact_is_in_one_part_of_its_bucket_and_in_the_same_as_its_copies(shop: Shop) -> None:
    sales = [shop.sale(f"s{n}", MINUTE, order=f"o{n % 40}") for n in range(80)]
    shop.process(*(shop.click(f"h{n}") for n in range(80)), *sales)
    parts = [shop.store.read_bucket(shop.key, NOON, part) for part in shop.config().parts.of(NOON)]
    assert sorted(fact.hit for facts in parts for fact in facts) == sorted(
        [*(f"h{n}" for n in range(80)), *(f"s{n}" for n in range(80))]
    )
    orders = [{fact.order for fact in facts if isinstance(fact, Conversion)} for facts in parts]
    assert sum(map(len, orders)) == 40
    assert all(parts)


def test_an_hour_in_parts_is_reported_like_an_undivided_one(store: Store) -> None:
    reports = []
    for number in (1, 16, 256):
        shop = Shop(store)
        PartStep.objects.create(site=shop.key, since=0, number=number)
        for n in range(40):
            shop.process(shop.click(f"h{n}", ad=f"ad{n % 7}", visitor=f"v{n}"))
            shop.process(shop.sale(f"s{n}", MINUTE, order=f"o{n % 30}", visitor=f"v{n}"))
        shop.roll_up()
        assert open_marks(shop.key) == []
        cells = shop.store.read_cells(shop.key, [CLICKS, "last", "linear", "linear by day"], [DAY])
        goal = shop.goal.uid.encode()
        reports.append([cell.body[4:].replace(goal, b"goal") for cell in cells])
    assert reports[0] == reports[1] == reports[2]


def test_a_late_hit_has_its_own_part_rolled_up_and_the_hour_added_up(shop: Shop) -> None:
    shop.process(*(shop.click(f"h{n}", visitor=f"v{n}") for n in range(64)))
    shop.roll_up()
    shop.process(shop.click("late", visitor="late"))
    assert marked(shop) == [part_of("late")]
    work = roller(shop.store)
    assert work.roll_up(*work.marked(shop.key))
    assert marked(shop) == [SUM]
    assert clicks(shop) == {"demo-ad": 64}
    assert work.roll_up(*work.sums(shop.key))
    assert clicks(shop) == {"demo-ad": 65}
    assert marked(shop) == []


def test_a_tick_adds_up_the_hours_of_the_parts_that_it_rolled_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.tasks.open_store", lambda: shop.store)
    shop.process(*(shop.click(f"h{n}") for n in range(64)))
    tick()
    assert clicks(shop) == {"demo-ad": 64}
    assert marked(shop) == []


def test_parts_of_one_hour_are_batches_that_workers_share(shop: Shop) -> None:
    shop.process(*(shop.click(f"h{n}") for n in range(200)))
    mine, others = roller(shop.store), roller(shop.store)
    batches = list(mine.batches(mine.marked(shop.key, NOON)))
    assert [len(batch) for batch in batches] == [4, 4, 4, 4]
    read: list[int] = []
    counting = Meanwhile(shop.store, "read_bucket", lambda: others.attempt_held(batches[0]) and read.append(1))
    assert len(roller(counting).attempt_held(batches[0])) == 4
    assert read == [], "no other worker does what this one holds"
    rest = [mark for batch in batches for mark in batch]
    assert len(others.attempt_held(rest)) == 12


def test_what_failed_or_was_interrupted_is_free_at_once(shop: Shop) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    shop.process(shop.click("h1"))
    with pytest.raises(KeyboardInterrupt):
        roller(Meanwhile(shop.store, "read_bucket", fail)).attempt_held(roller(shop.store).marked(shop.key))
    assert len(roller(shop.store).attempt_held(roller(shop.store).marked(shop.key, NOON))) == 1


def test_a_tick_that_has_too_many_parts_still_adds_up_hours(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.tasks.open_store", lambda: shop.store)
    monkeypatch.setattr("reporting.tasks.PARTS_SECONDS", -1)
    shop.process(*(shop.click(f"h{n}") for n in range(64)))
    work = roller(shop.store)
    work.roll_up(*work.marked(shop.key))
    shop.process(*(shop.click(f"h{n}", at=HOUR) for n in range(64)))
    tick()
    assert clicks(shop) == {"demo-ad": 64}
    assert marked(shop) == sorted({part_of(f"h{n}") for n in range(64)}), "parts that are left to the next tick"


@pytest.mark.parametrize(("parts", "helpers"), [(1, 0), (7, 0), (8, 1), (24, 3), (256, 7)])
def test_a_tick_calls_helpers_for_the_parts_of_a_large_hour(
    sql_store: Store, settings: Any, monkeypatch: pytest.MonkeyPatch, parts: int, helpers: int
) -> None:
    shop = Shop(sql_store)
    sent: list[dict[str, Any]] = []
    settings.BROKER_URL = "amqp://rabbit"
    monkeypatch.setattr(tasks.help_roll_up, "apply_async", lambda **options: sent.append(options))
    sequence.mark_parts(shop.key, [(NOON, part) for part in range(parts)])
    tasks.call_helpers(open_marks(shop.key))
    assert len(sent) == helpers


def test_a_helper_rolls_up_parts_of_divided_hours_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.tasks.open_store", lambda: shop.store)
    shop.process(*(shop.click(f"h{n}") for n in range(64)))
    shop.process(shop.click("alone", HOUR))
    tasks.help_roll_up()
    assert marked(shop) == [SUM, part_of("alone")]


def test_a_worker_that_slept_while_hours_were_divided_marks_existing_parts(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.click("first", -HOUR, visitor="bob"))
    slept = shop.config()

    def divided() -> None:
        PartStep.objects.create(site=shop.key, since=NOON + HOUR, number=NUMBER)
        shop.process(shop.sale("s", HOUR))
        shop.roll_up()

    late = Meanwhile(store, "add_facts", divided)
    Processor(late, sequence, lambda _: slept, lambda: 0, 1_000).process([shop.click("h1")], "batch")  # type: ignore[arg-type]
    shop.roll_up()
    (row,) = [row for cell in store.read_cells(shop.key, ["last"], [DAY]) for row in credit_rows(cell)]
    assert row.ad is not None
    assert row.ad.ad == "demo-ad"


def test_a_part_that_became_empty_is_removed_from_its_hour(shop: Shop) -> None:
    shop.process(shop.sale("s", order="o"))
    shop.roll_up()
    shop.process(shop.adjust("r", "retract", "o", MINUTE))
    shop.roll_up()
    assert [row for cell in shop.store.read_cells(shop.key, ["last"], [DAY]) for row in credit_rows(cell)] == []


def test_a_hit_after_an_hour_has_read_its_parts_is_added_up_again(shop: Shop) -> None:
    shop.process(shop.click("h1"))
    work = roller(shop.store)
    work.roll_up(*work.marked(shop.key))

    def late() -> None:
        shop.process(shop.click("h2", visitor="bob"))
        others = roller(shop.store)
        others.roll_up(*others.marked(shop.key))

    stalled = roller(Meanwhile(shop.store, "write_cells", late))
    assert not stalled.roll_up(*work.sums(shop.key))
    assert clicks(shop) == {"demo-ad": 1}
    shop.roll_up()
    assert clicks(shop) == {"demo-ad": 2}


def test_an_hour_is_marked_only_after_the_cell_of_its_part_is_written(shop: Shop) -> None:
    shop.process(shop.click("h1"))

    def others() -> None:
        work = roller(shop.store)
        work.roll_up(*work.sums(shop.key))

    stalled = roller(Meanwhile(shop.store, "write_cells", others))
    stalled.roll_up(*stalled.marked(shop.key))
    shop.roll_up()
    assert clicks(shop) == {"demo-ad": 1}


def test_a_day_with_a_newer_part_is_read_from_its_hours(shop: Shop) -> None:
    late = next(hit for part in range(1, NUMBER) for hit in hits_of(part))
    shop.process(shop.click("h1"))
    shop.roll_up()
    days = DayMaker(shop.store, day_list, load_sites)
    assert [days.make(day) for day in days.due(NOON + 24 * HOUR, shop.key)] == [True]
    shop.process(shop.click(late, visitor="bob"))
    shop.roll_up()
    config = shop.config()
    query = read_query({"from": DAY, "to": DAY}, config)
    assert answer(shop.store, query, config, NOON).totals.clicks == 2


def test_a_stalled_sum_of_an_hour_overwrites_no_newer_one(shop: Shop) -> None:
    shop.process(shop.click("h1"))
    work = roller(shop.store)
    work.roll_up(*work.marked(shop.key))

    def others() -> None:
        shop.process(shop.click("h2", visitor="bob"))
        shop.roll_up()

    roller(Meanwhile(shop.store, "write_cells", others)).roll_up(*work.sums(shop.key))
    assert clicks(shop) == {"demo-ad": 2}


def test_a_rollup_that_dies_before_it_marks_the_hour_is_repeated(shop: Shop) -> None:
    class Dies:
        def __getattr__(self, name: str) -> Any:
            return getattr(sequence, name)

        def mark_sums(self, _buckets: Any) -> None:
            raise KeyboardInterrupt

    shop.process(shop.click("h1"))
    dying = Roller(shop.store, Dies(), load_sites, lambda: 0)
    with pytest.raises(KeyboardInterrupt):
        dying.roll_up(*dying.marked(shop.key))
    shop.roll_up()
    assert clicks(shop) == {"demo-ad": 1}


@pytest.mark.parametrize("body", [b"", b"\0\0\0\0[]", b"gone"])
@pytest.mark.parametrize("model", [PART, "sizes"])
def test_a_damaged_part_is_made_again_from_its_facts_and_logged(
    shop: Shop, model: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    shop.process(*(shop.click(f"h{n}", visitor=f"v{n}", ad="stray") for n in range(64)))
    shop.roll_up()
    cells = shop.store.read_cells(shop.key, [model], pages_of(NOON, NUMBER))
    broken = msgspec.structs.replace(cells[3], body=body)
    shop.store.write_cells([CellSet(shop.key, draw_token(), [broken])])
    shop.process(shop.click("late", ad="stray", visitor="late"))
    work = roller(shop.store)
    for _ in range(2):
        work.attempt(work.marked(shop.key))
        work.attempt(work.sums(shop.key))
    assert f"the cell {model} {broken.page} {NOON} {broken.key} is damaged" in caplog.text
    assert clicks(shop) == {"stray": 65}
    assert marked(shop) == []


def test_a_damaged_hour_is_added_up_again(shop: Shop) -> None:
    shop.process(shop.click("h1"))
    shop.roll_up()
    cells = shop.store.read_cells(shop.key, [CLICKS], [DAY])
    broken = [msgspec.structs.replace(cell, body=b"gone") for cell in cells]
    shop.store.write_cells([CellSet(shop.key, draw_token(), broken)])
    config = shop.config()
    query = read_query({"from": DAY, "to": DAY}, config)
    with pytest.raises(StoreUnavailable):
        answer(shop.store, query, config, NOON)
    assert marked(shop) == [SUM]
    shop.roll_up()
    assert answer(shop.store, query, config, NOON).totals.clicks == 1


def test_an_hour_names_the_largest_ads_of_all_its_parts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "MAX_OTHERS", 2)
    here, there = hits_of(0), hits_of(1)
    # a: 3 here, 1 there; b: 2 here; c: 1 here, too small for its part; d: 3 there, e: 2 there.
    told = [(here, "aaabbc"), (there, "dddeea")]
    for ids, ads in told:
        shop.process(*(shop.click(ids[n], ad=ad, visitor=ids[n]) for n, ad in enumerate(ads)))
    shop.roll_up()
    # Part 0 names a and b, part 1 names d and e. The hour names a and d, with 3 each.
    assert clicks(shop) == {"a": 3, "d": 3, "(other)": 6}


def test_an_explanation_names_ads_as_the_hour_does(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "MAX_OTHERS", 1)
    shop.process(shop.click("c1", ad="small"), shop.sale("s", MINUTE, order="o"))
    own = slot_of(Conversion(site="", visitor="", at=0, hit="s", goal="", version=1, order="o")) * NUMBER // 256
    # The part of the sale has no touch of the large ad. Only the hour knows that `small` is small.
    large = [hit for part in range(NUMBER) if part != own for hit in hits_of(part)]
    shop.process(*(shop.click(hit, ad="large", visitor=hit) for hit in large))
    shop.roll_up()
    rows = [row for cell in shop.store.read_cells(shop.key, ["last"], [DAY]) for row in credit_rows(cell)]
    (case,) = find_order(shop.store, shop.config(), "o").cases
    told = explained(shop.store, shop.config(), case)["touches"]
    assert [row.ad.ad for row in rows if row.ad] == [touch["ad"] for touch in told] == ["(other)"]


def test_marking_a_whole_site_rolls_up_every_known_part(shop: Shop) -> None:
    shop.process(*(shop.click(f"h{n}", ad="one", visitor=f"v{n}") for n in range(3)))
    shop.roll_up()
    known = {part_of(f"h{n}") for n in range(3)}
    shop.ad.key = "one"
    shop.ad.save()
    assert {mark.part for mark in roller(shop.store).marked(shop.key)} == known


def test_future_hours_of_a_site_with_large_parts_get_more_parts(
    sql_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.maker.MOST_FACTS", 3)
    shop = Shop(sql_store)
    for old, number in ((2 * 24 * HOUR, 1), (HOUR, 16)):
        shop.process(*(shop.click(uuid4().hex, visitor=f"v{n}") for n in range(4)))
        work = roller(sql_store, lambda old=old: NOON + old)  # type: ignore[misc]
        work.roll_up(*work.marked(shop.key))
        parts = read_parts([shop.key])[shop.key]
        assert parts.highest == number
    assert parts.number_at(NOON + HOUR + AHEAD_MS) == 1
    assert parts.number_at(NOON + 2 * HOUR + AHEAD_MS) == 16


def test_the_number_of_parts_is_raised_only_for_hours_without_hits_and_never_lowered() -> None:
    site = f"parts-{uuid4().hex}"
    assert raise_parts(site, 16, NOON + 5).steps == ((NOON + HOUR + AHEAD_MS, 16),)
    assert raise_parts(site, 16, NOON + 9 * HOUR).highest == 16
    assert raise_parts(site, 256, NOON + 9 * HOUR).highest == 256
    with pytest.raises(ValueError, match=r"have 256 parts. That can be raised and never lowered."):
        raise_parts(site, 16, NOON + 10 * HOUR)
    with pytest.raises(ValueError, match="1, 16, 256"):
        raise_parts(site, 17, NOON)
    assert PartStep.objects.filter(site=site).count() == 2


def test_the_command_raises_the_number_and_refuses_to_lower_it(
    sql_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(sql_store)
    call_command("parts", shop.key)
    assert capsys.readouterr().out == "1 part an hour\n"
    call_command("parts", shop.key, "16")
    assert capsys.readouterr().out.startswith("16 parts an hour from ")
    with pytest.raises(CommandError, match="never lowered"):
        call_command("parts", shop.key, "1")
    with pytest.raises(CommandError, match="No site has the key"):
        call_command("parts", "nobody", "16")


def test_parts_that_are_read_together_are_on_one_page() -> None:
    assert page_of(7, 15) == pages_of(7, 256)[0]
    assert {page_of(7, part.index) for part in [Part(n, 256) for n in range(256)]} == set(pages_of(7, 256))


def test_clicks_with_one_click_id_are_counted_once_even_if_their_hit_ids_are_of_two_parts(shop: Shop) -> None:
    url = "https://s.example/?gclid=G1"
    reloads = [Hit(**{**msgspec.structs.asdict(shop.hit("page", f"p{n}", n)), "url": url}) for n in range(20)]
    shop.process(*reloads)
    shop.process(*(shop.click(f"b{n}", ad="demo-ad", url=url) for n in range(3)))
    shop.roll_up()
    assert clicks(shop) == {"google-ads": 1, "demo-ad": 3}
