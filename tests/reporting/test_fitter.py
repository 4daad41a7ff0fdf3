"""Fits: the data-driven models learn from a month, and the next month's reports use the fit."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from conversions.attribution.fit import FIT, Fitted
from conversions.configuration.loading import load_site, load_sites
from conversions.marks import fit_marks
from conversions.marks import marks as sequence
from conversions.marks.fit_marks import WHENEVER, open_fits
from conversions.marks.parts import PartStep
from conversions.models import Ad, FitMark, MatchRule
from conversions.store.port import CellSet, Store, StoreUnavailable
from conversions.verdicts.fits import fit_cell, read_fits
from reporting import fitter as fitter_module
from reporting.fitter import HOLD_MS, REST, Fitter
from reporting.rollup import Roller
from reporting.tasks import fit_months
from tests.meanwhile import Meanwhile
from tests.reports import DatedShop, marker_came_through, ms

pytestmark = pytest.mark.django_db

OCTOBER = "2026-10"
FIRST, LAST = "2026-11-01", "2026-11-30"
NOW = ms("2026-12-01T12:00Z")


@pytest.fixture(autouse=True)
def nothing_is_frozen(settings: Any) -> None:
    """Keeps the months of these tests from being frozen, whenever the tests run."""
    settings.RETENTION_DAYS = 36_500


@pytest.fixture
def shop(store: Store) -> DatedShop:
    """A shop on each store. In October `summer` and `mail` together always sell, and `mail` alone never does."""
    shop = DatedShop(store)
    shop.receive(
        *(shop.click("2026-10-05T10:00Z", visitor=name) for name in ("ann", "bob")),
        *(shop.click("2026-10-05T11:00Z", ad="mail", visitor=name) for name in ("ann", "bob", "cyd", "dan")),
        *(shop.sale("2026-10-05T12:00Z", visitor=name, order=name) for name in ("ann", "bob")),
    )
    return shop


def sell_in_november(shop: DatedShop) -> None:
    """Somebody clicks both ads in November and buys for 10 euros."""
    shop.receive(
        shop.click("2026-11-10T10:00Z", visitor="eve"),
        shop.click("2026-11-10T11:00Z", ad="mail", visitor="eve"),
        shop.sale("2026-11-10T12:00Z", visitor="eve", order="eve"),
    )


def fitter(shop: DatedShop, store: Any = None, marks: Any = None, now: int = NOW) -> Fitter:
    """Return the fitter that beat uses."""
    return Fitter(store or shop.store, sequence, marks or fit_marks, load_site, lambda: 0, lambda: now)


def fit(shop: DatedShop, **more: Any) -> list[bool]:
    """Fit all past months. Return for each whether its fits changed."""
    work = fitter(shop, **more)
    return [work.fit(mark, WHENEVER) for mark in work.due(shop.site.key)]


def settle(shop: DatedShop) -> None:
    """Roll up and fit until nothing is left, as `manage.py rollup` does."""
    shop.roll_up()
    while any(fit(shop)):
        shop.roll_up()


def credit(shop: DatedShop, model: str) -> dict[str, str]:
    """Return November's conversions by ad."""
    return dict(shop.rows(FIRST, LAST, "ad", "conversions", model=model))


def learnt(shop: DatedShop, month: str = OCTOBER) -> Fitted:
    """Return the stored fit of the goal `purchase`."""
    uid = next(goal.uid for goal in shop.config().goals if goal.key == "purchase")
    return read_fits(shop.store, shop.config(), month)[uid]


def test_credit_follows_the_fit_of_the_month_before(shop: DatedShop) -> None:
    sell_in_november(shop)
    settle(shop)
    # Half of the paths start with summer and go on to mail. Half of the steps from mail lead to a sale. Without summer
    # half of the sales are left.
    assert learnt(shop).removal == [1_000_000_000, 500_000_000]
    assert credit(shop, "markov") == {"mail": "0.666667", "summer": "0.333333"}
    # mail alone sells nothing. summer was never alone. Both together always sell.
    assert credit(shop, "shapley") == {"mail": "0.500000", "summer": "0.500000"}


def test_a_late_sale_changes_the_next_months_credit(shop: DatedShop) -> None:
    sell_in_november(shop)
    settle(shop)
    shop.process(shop.click("2026-10-06T10:00Z", visitor="fay"), shop.sale("2026-10-06T11:00Z", visitor="fay"))
    settle(shop)
    assert learnt(shop).removal == [666_666_667, 666_666_667]
    assert credit(shop, "markov") == {"mail": "0.500000", "summer": "0.500000"}
    assert credit(shop, "shapley") == {"mail": "0.000000", "summer": "1.000000"}


def test_a_retraction_after_the_fit_removes_the_sale_from_it(shop: DatedShop) -> None:
    shop.process(
        shop.click("2026-10-06T10:00Z", visitor="fay"), shop.sale("2026-10-06T11:00Z", visitor="fay", order="f")
    )
    sell_in_november(shop)
    settle(shop)
    assert credit(shop, "shapley") == {"mail": "0.000000", "summer": "1.000000"}
    shop.process(shop.hit("adjustment", "2026-11-20T10:00Z", order="f", kind="retract"))
    settle(shop)
    # Now one person saw summer alone and didn't buy.
    assert (learnt(shop).converted, learnt(shop).unconverted) == (2, 3)
    assert credit(shop, "shapley") == {"mail": "0.500000", "summer": "0.500000"}
    assert credit(shop, "markov") == {"mail": "0.666667", "summer": "0.333333"}


def test_devices_linked_later_become_one_path_of_the_fit(shop: DatedShop) -> None:
    shop.receive(
        shop.click("2026-10-06T10:00Z", visitor="phone"), shop.click("2026-10-08T10:00Z", ad="mail", visitor="laptop")
    )
    settle(shop)
    assert (learnt(shop).converted, learnt(shop).unconverted) == (2, 4)
    shop.receive(*(shop.hit("event", "2026-11-20T10:00Z", visitor=one, user="u7") for one in ("phone", "laptop")))
    settle(shop)
    assert (learnt(shop).converted, learnt(shop).unconverted) == (2, 3)


def test_a_refund_changes_no_fit_and_marks_no_bucket(shop: DatedShop) -> None:
    sell_in_november(shop)
    settle(shop)
    shop.process(shop.hit("adjustment", "2026-11-20T10:00Z", order="ann", kind="refund", value=1))
    shop.roll_up()
    assert fit(shop) == [False]
    assert sequence.open_marks(shop.site.key) == []


def test_an_hour_read_part_by_part_teaches_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitter_module, "PORTION", 1)
    found = []
    for parts in (1, 256):
        shop = DatedShop(store)
        PartStep.objects.create(site=shop.key, since=0, number=parts)
        names = [f"v{n}" for n in range(6)]
        shop.receive(
            *(shop.click("2026-10-05T10:00Z", visitor=name) for name in names),
            *(shop.click("2026-10-05T10:10Z", ad="mail", visitor=name) for name in names),
            *(shop.sale("2026-10-05T10:20Z", visitor=name, order=name) for name in names[::2]),
        )
        settle(shop)
        found.append(learnt(shop))
    assert found[0] == found[1]
    assert found[0].removal == [1_000_000_000, 1_000_000_000]


def test_without_a_fit_credit_is_shared_evenly_and_the_report_names_the_missing_month(shop: DatedShop) -> None:
    sell_in_november(shop)
    assert credit(shop, "markov") == credit(shop, "shapley") == {"mail": "0.500000", "summer": "0.500000"}
    lacking = {"months": [], "missing": [{"month": OCTOBER, "goals": ["purchase"]}]}
    assert shop.report(FIRST, LAST, model="markov")["fit"] == lacking
    settle(shop)
    assert shop.report(FIRST, LAST, model="markov")["fit"] == {"months": [OCTOBER], "missing": []}
    assert shop.report(FIRST, LAST, model="last")["fit"] is None


def test_a_month_is_not_fitted_before_it_is_over_by_the_sites_own_clock(store: Store) -> None:
    tokyo = DatedShop(store, timezone="Asia/Tokyo")
    tokyo.receive(tokyo.click("2026-10-05T10:00Z"))
    midnight = ms("2026-10-31T15:00Z")
    assert fitter(tokyo, now=midnight - 1).due(tokyo.site.key) == []
    assert [mark.month for mark in fitter(tokyo, now=midnight).due(tokyo.site.key)] == [OCTOBER]


def test_a_report_is_not_sealed_while_its_fit_must_be_made(shop: DatedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    sell_in_november(shop)
    monkeypatch.setattr("time.time_ns", lambda: ms("2026-12-05T12:00Z") * 1_000_000)
    marker_came_through(["2026-12-05T00:00Z"])
    assert shop.report(FIRST, LAST, model="markov")["sealed_until"] == "2026-11-01T00:00:00Z"
    assert shop.report(FIRST, LAST, model="markov")["provisional"]
    assert shop.report(FIRST, LAST, model="linear")["sealed_until"] == "2026-12-04T23:50:00Z"
    assert fit(shop, now=ms("2026-11-30T23:59Z")) == [True]
    shop.roll_up()
    assert shop.report(FIRST, LAST, model="markov")["sealed_until"] == "2026-12-01T00:00:00Z"
    settle(shop)
    assert shop.report(FIRST, LAST, model="markov")["sealed_until"] == "2026-12-04T23:50:00Z"


def test_a_renamed_ad_has_its_new_name_in_the_fit(shop: DatedShop) -> None:
    sell_in_november(shop)
    settle(shop)
    MatchRule.objects.create(ad=Ad.objects.get(campaign__site=shop.site), source="x")
    Ad.objects.filter(campaign__site=shop.site).update(key="sun")
    sequence.mark_site(shop.site.key)
    settle(shop)
    assert [name.ad for name in learnt(shop).ads] == ["mail", "summer"]
    assert credit(shop, "markov") == {"mail": "0.666667", "summer": "0.333333"}


class Dies(BaseException):
    """The process is killed."""


class Killed:
    """An object of which one method kills its caller, before or after its work."""

    def __init__(self, target: Any, method: str, after: bool) -> None:
        self._target, self._method, self._after = target, method, after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._target, name)
        return self._kill(method) if name == self._method else method

    def _kill(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def killed(*args: Any) -> None:
            if self._after:
                method(*args)
            raise Dies

        return killed


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("method", ["take_fits", "clear_told", "write_cells", "close_fits"])
def test_a_fitter_that_dies_at_any_step_is_repaired_by_the_next_one(shop: DatedShop, method: str, after: bool) -> None:
    sell_in_november(shop)
    settle(shop)
    shop.receive(shop.click("2026-10-06T10:00Z", visitor="fay"), shop.sale("2026-10-06T11:00Z", visitor="fay"))
    with pytest.raises(Dies):
        fit(shop, store=Killed(shop.store, method, after), marks=Killed(fit_marks, method, after))
    shop.roll_up()  # this rollup may read the old fit or the new one
    settle(shop)
    assert credit(shop, "shapley") == {"mail": "0.000000", "summer": "1.000000"}


def test_a_fit_that_changes_and_changes_back_around_two_deaths_leaves_no_bucket_with_it(shop: DatedShop) -> None:
    shop.process(shop.click("2026-10-06T10:00Z", visitor="fay"))
    sell_in_november(shop)
    settle(shop)
    before, fingerprint = credit(shop, "shapley"), learnt(shop).fingerprint
    shop.receive(shop.sale("2026-10-06T11:00Z", visitor="fay", order="f"))
    with pytest.raises(Dies):
        fit(shop, store=Killed(shop.store, "write_cells", True))
    # Before November's hours are marked, one of them is rolled up for another reason.
    shop.receive(shop.click("2026-11-10T12:30Z", visitor="gil"))
    assert credit(shop, "shapley") != before
    shop.receive(shop.hit("adjustment", "2026-10-20T10:00Z", order="f", kind="retract"))
    with pytest.raises(Dies):
        fit(shop, store=Killed(shop.store, "write_cells", True))
    assert learnt(shop).fingerprint == fingerprint
    settle(shop)
    assert credit(shop, "shapley") == before


def test_a_rollup_that_dies_after_closing_its_mark_has_marked_its_month(shop: DatedShop) -> None:
    settle(shop)
    shop.process(shop.click("2026-10-06T10:00Z", visitor="fay"), shop.sale("2026-10-06T10:30Z", visitor="fay"))
    (mark,) = sequence.open_marks(shop.site.key)
    with pytest.raises(Dies):
        Roller(shop.store, Killed(sequence, "close_marks", True), load_sites, lambda: 0).roll_up(mark)
    assert sequence.open_marks(shop.site.key) == []
    assert [one.month for one in open_fits(shop.site.key)] == [OCTOBER]


def test_a_stalled_fitter_overwrites_no_newer_fit(shop: DatedShop) -> None:
    sell_in_november(shop)

    def meanwhile() -> None:
        shop.process(shop.click("2026-10-06T10:00Z", visitor="fay"), shop.sale("2026-10-06T11:00Z", visitor="fay"))
        settle(shop)

    fit(shop, store=Meanwhile(shop.store, "write_cells", meanwhile))
    assert learnt(shop).converted == 3
    settle(shop)
    assert credit(shop, "shapley") == {"mail": "0.000000", "summer": "1.000000"}


def test_a_fit_is_written_under_a_newer_token_than_its_mark_has(shop: DatedShop) -> None:
    """With equal tokens two fitters of one mark could leave the older fits stored."""
    sell_in_november(shop)
    settle(shop)
    mark = FitMark.objects.get(site=shop.site.key, month=OCTOBER)
    uid = next(goal.uid for goal in shop.config().goals if goal.key == "purchase")
    other = fit_cell(shop.config(), uid, OCTOBER, msgspec.structs.replace(learnt(shop), converted=99))
    shop.store.write_cells([CellSet(shop.site.key, mark.token, [other])])
    assert learnt(shop).converted == 2


def test_beat_skips_a_month_that_is_being_fitted_or_rolled_up_or_was_just_fitted(
    shop: DatedShop,
) -> None:
    (mark,) = open_fits(shop.site.key)
    now = mark.token // 1000
    assert fitter(shop, now=now).is_ready(mark)
    shop.process(shop.click("2026-10-07T10:00Z", visitor="gil"))
    assert not fitter(shop, now=now).is_ready(mark)
    assert fitter(shop, now=now + 11 * 60_000).is_ready(
        mark
    )  # an hour that can't be rolled up doesn't delay a fit forever
    held = fit_marks.take_fits(mark, now, now + HOLD_MS)
    assert held is not None
    assert not fitter(shop, now=now + HOLD_MS - 1).is_ready(held)
    assert fitter(shop, now=now + HOLD_MS).is_ready(held)
    before = now - 3 * 3_600_000  # the fitter's clock was ahead and is right again
    assert not fit_marks.take_fits(held, now + HOLD_MS - 1, now + HOLD_MS)
    assert fit_marks.take_fits(held, before, before + HOLD_MS)


def test_a_fit_rests_ten_times_as_long_as_it_took(shop: DatedShop) -> None:
    clock = iter(range(NOW, NOW + 10**9, 1_000))
    work = Fitter(shop.store, sequence, fit_marks, load_site, lambda: 0, lambda: next(clock))
    (mark,) = work.due(shop.site.key)
    work.fit(mark, WHENEVER)
    mark.refresh_from_db()
    ended = next(clock) - 1_000
    assert REST * 1_000 <= mark.held_until - ended <= REST * 20_000


def test_a_month_that_fails_rests_and_delays_no_other(shop: DatedShop) -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            return getattr(shop.store, name)

        def read_bucket(self, *_args: Any) -> Any:
            next(clock)
            raise StoreUnavailable("read timed out")

    clock = count(NOW, 1_000)
    work = Fitter(Away(), sequence, fit_marks, load_site, lambda: 0, lambda: next(clock))  # type: ignore[arg-type]
    (mark,) = work.due(shop.site.key)
    assert not work.attempt(mark, NOW)
    (mark,) = open_fits(shop.site.key)
    assert mark.held_until >= next(clock) - 1_000 + REST * 1_000
    with pytest.raises(StoreUnavailable):
        work.attempts.end()


def test_a_month_that_cannot_be_fitted_is_logged_and_stays_marked(
    shop: DatedShop, caplog: pytest.LogCaptureFixture
) -> None:
    class Damaged:
        def __getattr__(self, name: str) -> Any:
            return getattr(shop.store, name)

        def read_bucket(self, *_args: Any) -> Any:
            raise ValueError("damaged row")

    (mark,) = open_fits(shop.site.key)
    assert not fitter(shop, store=Damaged()).attempt(mark, NOW)
    assert f"the fits of {OCTOBER} can't be made" in caplog.text
    assert [one.month for one in open_fits(shop.site.key)] == [OCTOBER]


def test_a_fit_reads_only_the_parts_that_have_facts(shop: DatedShop) -> None:
    class Noted:
        def __getattr__(self, name: str) -> Any:
            return getattr(shop.store, name)

        def read_bucket(self, *args: Any) -> Any:
            read.append(args)
            return shop.store.read_bucket(*args)

    read: list[Any] = []
    PartStep.objects.create(site=shop.site.key, since=ms("2026-11-01T00:00Z"), number=256)
    sell_in_november(shop)
    fit(shop, store=Noted(), now=ms("2026-12-31T12:00Z"))
    assert learnt(shop, "2026-11").removal == [1_000_000_000, 1_000_000_000]
    assert {part.number for _, _, part in read} == {1, 256}
    assert len(read) <= 3 + 3


def test_fits_used_only_by_frozen_buckets_are_not_changed(shop: DatedShop) -> None:
    settle(shop)
    before = learnt(shop)
    shop.receive(shop.click("2026-10-06T10:00Z", visitor="fay"), shop.sale("2026-10-06T11:00Z", visitor="fay"))
    work = Fitter(shop.store, sequence, fit_marks, load_site, lambda: ms("2026-12-01T00:00Z"), lambda: NOW)
    (mark,) = work.due(shop.site.key)
    assert not work.fit(mark, WHENEVER)
    assert open_fits(shop.site.key) == []
    assert learnt(shop) == before


def test_a_fit_written_by_another_version_is_ignored_and_made_again(shop: DatedShop) -> None:
    sell_in_november(shop)
    settle(shop)
    (mine, *_) = shop.store.read_cells(shop.site.key, [FIT], ["2026-10-01"])
    older = [msgspec.structs.replace(mine, key=goal.uid, body=b'{"fingerprint": "x"}') for goal in shop.config().goals]
    shop.store.write_cells([CellSet(shop.site.key, sequence.draw_token(), older)])
    sequence.mark_site(shop.site.key)
    shop.roll_up()
    assert credit(shop, "markov") == {"mail": "0.500000", "summer": "0.500000"}
    settle(shop)
    assert credit(shop, "markov") == {"mail": "0.666667", "summer": "0.333333"}


def test_a_deleted_site_leaves_no_mark(shop: DatedShop) -> None:
    sequence.mark_fits([("no-such-site", OCTOBER)])
    (mark,) = fitter(shop).due("no-such-site")
    assert not fitter(shop).fit(mark, WHENEVER)
    assert open_fits("no-such-site") == []


def test_the_command_fits_each_month_before_it_rolls_up_the_next_and_leaves_nothing(
    opened_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = DatedShop(opened_store)
    shop.process(
        shop.click("2026-03-05T10:00Z"),
        shop.click("2026-03-05T11:00Z", ad="mail", visitor="bob"),
        shop.sale("2026-03-05T12:00Z"),
        *(shop.click("2026-04-05T10:00Z", ad=ad, visitor="eve") for ad in ("mail", "summer")),
        shop.sale("2026-04-05T12:00Z", visitor="eve"),
    )
    call_command("rollup", "--wait", "0", "--site", shop.site.key)
    assert capsys.readouterr().out.splitlines() == ["5 buckets rolled up.", "2 months fitted."]
    assert shop.rows("2026-04-01", "2026-04-30", "ad", "conversions", model="markov") == [
        ("mail", "0.000000"),
        ("summer", "1.000000"),
    ]
    assert sequence.open_marks(shop.site.key) == open_fits(shop.site.key) == []


def test_beat_fits_past_months(opened_store: Store) -> None:
    shop = DatedShop(opened_store)
    shop.receive(shop.click("2026-03-05T10:00Z"), shop.sale("2026-03-05T12:00Z"))
    fit_months()
    assert learnt(shop, "2026-03").converted == 1
