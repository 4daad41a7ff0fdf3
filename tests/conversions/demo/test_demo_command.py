"""`manage.py demo_year`: each day of the made-up shop is stored once, however often the command runs or is stopped."""

import subprocess
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from conversions.configuration.demo_shop import find_demo_site
from conversions.configuration.loading import load_site
from conversions.demo.year import DemoYear
from conversions.management.commands.demo_year import read_year
from conversions.models import Ad
from conversions.store.port import Store
from conversions.units.clock import day_of
from conversions.units.now import now_ms
from reporting.report.answer import answer, plain_answer
from reporting.report.query import read_query
from tests.running import CHECKOUT
from tests.shop import Shop
from tracker.archive import FolderArchive
from tracker.collection.hit import Batch
from tracker.models import Site

pytestmark = pytest.mark.django_db
DAYS = 10


def run(*words: str) -> str:
    output = StringIO()
    call_command("demo_year", *words, stdout=output, stderr=output)
    return output.getvalue()


def report(store: Store, year: DemoYear) -> Any:
    """Return what the site's ads brought and cost on the days that are over."""
    config = load_site(year.site)
    assert config is not None
    given = {"from": year.first, "to": year.days()[-2], "goal": "purchase", "spend": "1"}
    query = read_query(given, config)
    told = plain_answer(answer(store, query, config, now_ms()), query)
    return {name: told[name] for name in ("rows", "unattributed", "totals")}


def orders_of(year: DemoYear, batches: list[Batch]) -> int:
    """Return how many orders were made on the days that are over."""
    hits = [hit for batch in batches for hit in batch.hits if hit.type == "conversion"]
    return sum(day_of(hit.at, year.timezone) <= year.days()[-2] for hit in hits)


def test_what_a_stopped_run_left_out_is_made_by_the_next_and_nothing_counts_twice(
    opened_store: Store, archive: FolderArchive
) -> None:
    year = read_year(find_demo_site(), DAYS, 1, now_ms())
    batches = year.batches(list(year.visits()))
    for batch in batches[:2]:
        archive.put(batch)  # The first run was stopped here.
    run("--days", str(DAYS))
    first = report(opened_store, year)
    assert first["totals"]["conversions"] == f"{orders_of(year, batches)}.000000"
    assert {"search-name", "reels", "banner"} <= {row["ad"] for row in first["rows"] if row["configured"]}
    assert float(next(row["cost"] for row in first["rows"] if row["ad"] == "banner")) > 100
    run("--days", str(DAYS))
    assert report(opened_store, year) == first


def test_the_year_has_a_site_of_its_own_beside_the_one_to_try(archive: FolderArchive) -> None:
    year, again = find_demo_site(), find_demo_site()
    assert year == again
    assert [site.key for site in Site.objects.order_by("pk")][1:] == [year.key]
    assert (year.account.name, year.currency, year.timezone) == ("Demo", "EUR", "Europe/Berlin")


def test_a_site_of_a_customer_is_refused(sql_store: Store, archive: FolderArchive) -> None:
    shop = Shop(sql_store)
    with pytest.raises(CommandError, match="--any-site"):
        run("--site", shop.key)
    assert Ad.objects.count() == 1
    with pytest.raises(CommandError, match="No site"):
        run("--site", "nowhere")


@pytest.mark.parametrize("days", ["0", "367"])
def test_a_bad_number_of_days_is_refused(days: str) -> None:
    with pytest.raises(CommandError, match="1 to 366"):
        run("--days", days)


def test_days_that_are_frozen_are_left_out(sql_store: Store, archive: FolderArchive, settings: Any) -> None:
    settings.RETENTION_DAYS = 120
    year = read_year(find_demo_site(), 365, 1, now_ms())
    assert 29 <= len(year.days()) <= 31


@pytest.mark.parametrize(("demo", "makes_it"), [("1", True), ("0", False)])
def test_make_run_makes_the_year_unless_it_is_no_demo(demo: str, makes_it: bool) -> None:
    printed = subprocess.check_output(["make", "--dry-run", "run", f"DEMO={demo}"], cwd=CHECKOUT, text=True)
    assert ("demo_year" in printed) == makes_it
