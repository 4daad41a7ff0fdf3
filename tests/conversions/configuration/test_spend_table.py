"""Spend: files are imported by source and day, all or nothing."""

from collections.abc import Iterator
from io import StringIO
from itertools import repeat
from pathlib import Path
from unittest.mock import ANY

import pytest
from django.core.management import CommandError, call_command

from conversions.configuration.spend_table import IN_MEMORY, in_chunks
from conversions.models import SpendRow
from conversions.spend.lines import BadSpend, SpendLine, SpendNames
from conversions.spend.reader import checked
from tests.conversions.spend.test_reader import GOOGLE, META
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return Site.objects.create(account=Account.objects.create(name="shop"), name="shop", currency="EUR")


def costs(site: Site) -> dict[tuple[str, str], int]:
    """Return the cost by source and day, in micros."""
    found: dict[tuple[str, str], int] = {}
    for row in SpendRow.objects.filter(site=site):
        key = (row.imported_as, row.day)
        found[key] = found.get(key, 0) + row.cost
    return found


def run(site: Site, folder: Path, text: str | bytes, source: str, *options: str) -> str:
    file, out = folder / "export.csv", StringIO()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    call_command("import_spend", site.key, str(file), "--source", source, *options, stdout=out)
    return out.getvalue()


def test_exports_imported_twice_and_then_corrected_have_the_right_cost_once(site: Site, tmp_path: Path) -> None:
    for _ in range(2):
        run(site, tmp_path, GOOGLE.encode("utf-16"), "google")
        run(site, tmp_path, META, "meta")
    google = {("google", "2026-11-01"): 1_234_560_000, ("google", "2026-11-02"): 10_000_000}
    assert costs(site) == {**google, ("meta", "2026-11-01"): 13_000_000}
    said = run(site, tmp_path, GOOGLE.replace("1.234,56", "1.000,00"), "google")
    assert "EUR: 1244.560000 -> 1010.000000" in said
    assert "1 lines of totals were left out" in said
    assert costs(site) == {**google, ("google", "2026-11-01"): 1_000_000_000, ("meta", "2026-11-01"): 13_000_000}


def test_a_file_with_a_bad_line_changes_nothing(site: Site, tmp_path: Path) -> None:
    run(site, tmp_path, META, "meta")
    before = costs(site)
    with pytest.raises(CommandError, match=r"(?s)nothing was imported.*line 3: '0.5x1' is no amount"):
        run(site, tmp_path, META.replace(",0.5,", ",0.5x1,"), "meta")
    assert costs(site) == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(site: Site, tmp_path: Path) -> None:
    run(site, tmp_path, "day,cost\n2026-11-01,1.00\n", "mail")
    said = run(site, tmp_path, "day,cost\n2026-11-01,2.00\n", "mail", "--dry-run")
    assert "Would replace" in said
    assert "EUR: 1.000000 -> 2.000000" in said
    assert costs(site) == {("mail", "2026-11-01"): 1_000_000}


def test_a_day_between_two_others_that_has_no_line_any_more_has_no_spend(site: Site, tmp_path: Path) -> None:
    run(site, tmp_path, "day,cost\n2026-11-01,1\n2026-11-02,1\n2026-11-03,1\n2026-11-04,1\n", "mail")
    run(site, tmp_path, "day,cost\n2026-11-01,1\n2026-11-03,1\n", "mail")
    assert costs(site) == {("mail", f"2026-11-0{n}"): ANY for n in (1, 3, 4)}


def test_latin_1_and_two_currencies_are_kept_apart(site: Site, tmp_path: Path) -> None:
    text = "day,cost,currency,utm_campaign\n2026-11-01,1,EUR,Frühling\n2026-11-01,2,USD,Frühling\n"
    run(site, tmp_path, text.encode("latin-1"), "mail")
    rows = SpendRow.objects.order_by("cost").values_list("currency", "campaign")
    assert list(rows) == [("EUR", "Frühling"), ("USD", "Frühling")]


def test_sums_that_64_bits_do_not_hold_are_kept(site: Site, tmp_path: Path) -> None:
    run(site, tmp_path, "day,cost\n" + "2026-11-01,999999999999\n" * 20, "mail")
    assert costs(site) == {("mail", "2026-11-01"): 20 * 999_999_999_999_000_000}


def test_an_unknown_site_and_an_unreadable_file_end_with_one_line(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No site"):
        call_command("import_spend", "nobody", "x.csv", source="mail")
    with pytest.raises(CommandError, match="can't be read"):
        call_command("import_spend", site.key, str(tmp_path / "absent.csv"), source="mail")


def test_tags_that_the_network_does_not_export_can_be_given(site: Site, tmp_path: Path) -> None:
    run(site, tmp_path, GOOGLE, "google", "--utm-source", "adwords", "--utm-medium", "paid")
    assert {(row.imported_as, row.source, row.medium, row.campaign) for row in SpendRow.objects.all()} == {
        ("google", "adwords", "paid", "Spring")
    }


def test_a_file_of_any_length_is_written_some_thousand_rows_at_a_time() -> None:
    read: list[int] = []

    def lines() -> Iterator[SpendLine]:
        for number in range(3 * IN_MEMORY):
            read.append(number)
            yield SpendLine("2026-11-01", "EUR", SpendNames(ad=str(number)), 1, 0, 0)

    for place, rows in enumerate(in_chunks(lines()), 1):
        assert len(rows) <= IN_MEMORY
        assert len(read) <= place * IN_MEMORY
    assert len(read) == 3 * IN_MEMORY


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(BadSpend, match="more than 2000000 lines"):
        for _ in checked(repeat("2026-11-01,1\n")):
            pass
