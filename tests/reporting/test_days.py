"""Days: a report of past days reads their day cells, and never a day cell that is too old."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from conversions.configuration.loading import load_sites
from conversions.marks import days as day_list
from conversions.marks.days import StaleDay
from conversions.marks.marks import draw_token, open_marks
from conversions.store.port import Cell, CellSet, Store
from reporting.days import ALL, DayMaker
from reporting.figures.days import month_page
from tests.meanwhile import Meanwhile
from tests.reports import DatedShop, ms
from tracker.models import Site

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY = "2026-11-23", "2026-11-24"
NOW = ms("2026-11-25T12:00Z")


@pytest.fixture
def shop(store: Store) -> DatedShop:
    """A shop on each store. Monday has two clicks and two sales, Tuesday a click; all is rolled up."""
    shop = DatedShop(store, timezone="Europe/Berlin")
    shop.receive(
        shop.click("2026-11-23T10:00Z"),
        shop.sale("2026-11-23T12:00Z", order="o1"),
        shop.click("2026-11-23T22:15Z", visitor="bob"),
        shop.sale("2026-11-23T22:30Z", visitor="bob"),
        shop.click("2026-11-23T23:30Z", visitor="cyd"),
    )
    return shop


def maker(shop: DatedShop, days: Any = day_list, store: Any = None) -> DayMaker:
    """Return the day maker that beat uses."""
    return DayMaker(store or shop.store, days, load_sites)


def make_days(shop: DatedShop, now: int = NOW) -> list[str]:
    """Make the day cells of past days. Return the days."""
    work = maker(shop)
    return [day.day for day in work.due(now, shop.site.key) if work.make(day)]


def own_cells(shop: DatedShop) -> list[Cell]:
    """Return the day cells."""
    return shop.store.read_cells(shop.site.key, ALL, [month_page(MONDAY)])


def drop_hours(shop: DatedShop) -> None:
    """Overwrite every hour's cells, so that only the day cells have the figures."""
    hours = shop.store.read_cells(shop.site.key, ALL, [MONDAY, TUESDAY])
    gone = [msgspec.structs.replace(cell, body=b"gone") for cell in hours]
    shop.store.write_cells([CellSet(shop.site.key, draw_token(), gone)])


def reports(shop: DatedShop) -> list[Any]:
    """Return reports of both days, in each way that reads day cells."""
    ways: list[dict[str, str]] = [{}, {"by": "day,ad"}, {"basis": "click"}, {"model": "linear", "by": "goal"}]
    return [shop.report(MONDAY, TUESDAY, **way) for way in ways]


def test_the_configuration_is_read_once_for_all_days_of_a_tick(shop: DatedShop) -> None:
    read: list[Any] = []

    def load(keys: Any) -> Any:
        read.append(keys)
        return load_sites(keys)

    work = DayMaker(shop.store, day_list, load)
    assert [work.make(day) for day in work.due(NOW, shop.site.key)] == [True, True]
    assert read == [{shop.site.key}]


def test_past_days_are_reported_from_their_day_cells(shop: DatedShop) -> None:
    wanted = reports(shop)
    assert make_days(shop) == [TUESDAY, MONDAY]
    assert make_days(shop) == []
    assert reports(shop) == wanted
    drop_hours(shop)
    assert reports(shop) == wanted


def test_a_day_that_is_not_over_is_not_made(shop: DatedShop) -> None:
    assert make_days(shop, ms("2026-11-23T22:59Z")) == []
    assert make_days(shop, ms("2026-11-23T23:00Z")) == [MONDAY]


def test_a_late_sale_is_in_the_report_at_once_and_its_day_is_made_again(shop: DatedShop) -> None:
    make_days(shop)
    shop.receive(shop.sale("2026-11-23T13:00Z", visitor="dan"))
    wanted = reports(shop)
    assert wanted[0]["totals"]["conversions"] == "3.000000"
    assert make_days(shop) == [MONDAY]
    drop_hours(shop)
    assert reports(shop) == wanted


def test_a_day_with_a_marked_hour_waits_until_that_is_rolled_up(shop: DatedShop) -> None:
    shop.process(shop.sale("2026-11-23T13:00Z", visitor="dan"))
    assert make_days(shop) == [TUESDAY]
    assert own_cells(shop)[0].start == ms("2026-11-23T23:00Z")
    shop.roll_up()
    assert make_days(shop) == [MONDAY]


@pytest.mark.parametrize("method", ["draw_day_token", "has_open_marks", "read_cells", "write_cells", "forget_day"])
def test_a_sale_rolled_up_while_a_day_is_made_is_missing_in_no_report(shop: DatedShop, method: str) -> None:
    def sell() -> None:
        shop.receive(shop.sale("2026-11-23T13:00Z", visitor="dan"))

    (_, monday) = maker(shop).due(NOW, shop.site.key)
    days, store = Meanwhile(day_list, method, sell), Meanwhile(shop.store, method, sell)
    maker(shop, days, store).make(monday)
    assert shop.report(MONDAY, MONDAY)["totals"]["conversions"] == "3.000000"
    make_days(shop)
    assert StaleDay.objects.filter(site=shop.site.key).count() == 0
    drop_hours(shop)
    assert shop.report(MONDAY, MONDAY)["totals"]["conversions"] == "3.000000"


@pytest.mark.parametrize("method", ["draw_day_token", "has_open_marks", "read_cells", "write_cells", "forget_day"])
def test_a_sale_marked_while_a_day_is_made_is_reported_once_it_is_rolled_up(shop: DatedShop, method: str) -> None:
    def sell() -> None:
        shop.process(shop.sale("2026-11-23T13:00Z", visitor="dan"))

    (_, monday) = maker(shop).due(NOW, shop.site.key)
    maker(shop, Meanwhile(day_list, method, sell), Meanwhile(shop.store, method, sell)).make(monday)
    shop.roll_up()
    assert open_marks(shop.site.key) == []
    assert shop.report(MONDAY, MONDAY)["totals"]["conversions"] == "3.000000"


def test_a_stalled_maker_overwrites_no_newer_day(shop: DatedShop) -> None:
    (_, monday) = maker(shop).due(NOW, shop.site.key)

    def others() -> None:
        shop.receive(shop.sale("2026-11-23T13:00Z", visitor="dan"))
        make_days(shop)

    maker(shop, store=Meanwhile(shop.store, "write_cells", others)).make(monday)
    drop_hours(shop)
    assert shop.report(MONDAY, MONDAY)["totals"]["conversions"] == "3.000000"


@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda _: b"", lambda body: body[:9] + b"0" + body[10:]])
def test_a_damaged_day_is_read_from_its_hours_and_made_again(shop: DatedShop, change: Callable[[bytes], bytes]) -> None:
    wanted = reports(shop)
    make_days(shop)
    broken = [msgspec.structs.replace(cell, body=change(cell.body)) for cell in own_cells(shop)]
    shop.store.write_cells([CellSet(shop.site.key, draw_token(), broken)])
    assert reports(shop) == wanted
    assert make_days(shop) == [TUESDAY, MONDAY]


def test_a_day_made_under_another_timezone_is_read_from_its_hours_and_made_again(shop: DatedShop) -> None:
    # As if the rules of the timezone had changed after the days were made.
    move(shop, "Africa/Cairo")
    wanted = shop.report(MONDAY, TUESDAY, by="day")
    move(shop, "Europe/Berlin")
    assert shop.report(MONDAY, TUESDAY, by="day")["rows"] != wanted["rows"]
    make_days(shop)
    move(shop, "Africa/Cairo")
    assert shop.report(MONDAY, TUESDAY, by="day") == wanted
    make_days(shop)
    drop_hours(shop)
    assert shop.report(MONDAY, TUESDAY, by="day") == wanted
    assert day_list.stale_days(NOW, 9, shop.site.key) == []


def move(shop: DatedShop, timezone: str) -> None:
    """Change the timezone of a site that has hits, which the admin doesn't allow."""
    Site.objects.filter(pk=shop.site.pk).update(timezone=timezone)


def test_a_report_by_hour_still_has_every_hour(shop: DatedShop) -> None:
    make_days(shop)
    assert shop.rows(MONDAY, MONDAY, "hour", by="hour") == [(f"2026-11-23T{hour}:00:00Z",) for hour in (10, 12, 22)]


def test_a_deleted_site_leaves_no_day_to_be_made(shop: DatedShop) -> None:
    day_list.note_days([day_list.DayEnd("no-such-site", MONDAY, 0)])
    (day,) = day_list.stale_days(NOW, 9, "no-such-site")
    assert not maker(shop).make(day)
    assert day_list.stale_days(NOW, 9, "no-such-site") == []
