"""The demo in a real browser, embedded and on the services: one click and one sale, credited to the ad."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.demo import ARTIFACTS, credited, expected, run, services_of
from tests.conftest import needs

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The credit in the embedded tracker's report."""
    return shop(tmp_path_factory.mktemp("embedded"), {})


def shop(folder: Path, services: dict[str, str]) -> dict[str, Any]:
    report, currency = run(folder, services)
    assert credited(report) == expected(currency)
    return credited(report)


def test_the_sale_is_credited_to_the_ad_that_was_clicked(embedded: dict[str, Any]) -> None:
    assert [(row["ad"], row["conversions"], row["value"]) for row in embedded["rows"]] == [
        ("demo-ad", "1.000000", "29.900000")
    ]


def test_screenshots_of_the_sale_and_of_the_report_are_kept(embedded: dict[str, Any]) -> None:
    for name in ("embedded-thanks.png", "embedded-report.png"):
        assert (ARTIFACTS / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.services
def test_on_the_services_the_credited_report_is_the_same(embedded: dict[str, Any], tmp_path: Path) -> None:
    needs("BROKER_URL")
    assert shop(tmp_path, services_of(os.environ)) == embedded
