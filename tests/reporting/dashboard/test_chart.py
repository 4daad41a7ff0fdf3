"""The dashboard's chart: its steps, and the library that draws it."""

import hashlib
from itertools import pairwise

import pytest

from conversions.rules.site import SiteConfig
from conversions.units.clock import HOUR_MS
from reporting.dashboard.chart import steps_of
from reporting.dashboard.period import Unit
from tests.running import CHECKOUT

BERLIN = SiteConfig(key="s1", timezone="Europe/Berlin")
LORD_HOWE = SiteConfig(key="s2", timezone="Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("day", "site", "hours"),
    [
        ("2026-01-05", BERLIN, 24),
        ("2026-03-29", BERLIN, 23),
        ("2026-10-25", BERLIN, 25),
        ("2026-04-05", LORD_HOWE, 25),  # 24 hours and a half
    ],
)
def test_a_day_has_all_hours_of_the_sites_clock(day: str, site: SiteConfig, hours: int) -> None:
    steps = steps_of((day, day), "hour", site)
    assert len(steps) == hours
    assert all(one.until == other.since for one, other in pairwise(steps))
    assert (steps[0].title, steps[-1].title) == ("00:00", "23:00")


@pytest.mark.parametrize(
    ("unit", "names"),
    [
        ("day", [("2025-12-31", "Wed 31 Dec 2025", "31 Dec"), ("2026-01-01", "Thu 1 Jan 2026", "1 Jan")]),
        ("week", [("2026-W01", "Week 01 of 2026", "W01")]),
        ("month", [("2025-12", "December 2025", "Dec 2025"), ("2026-01", "January 2026", "Jan 2026")]),
    ],
)
def test_steps_have_names_for_people_and_the_keys_of_rows(unit: Unit, names: list[tuple[str, ...]]) -> None:
    steps = steps_of(("2025-12-31", "2026-01-01"), unit, BERLIN)
    assert [(step.key, step.title, step.label) for step in steps] == names
    assert steps[-1].until - steps[0].since == 48 * HOUR_MS


def test_the_chart_library_is_the_pinned_one() -> None:
    folder = CHECKOUT / "reporting" / "static" / "reporting" / "uplot"
    pinned = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(pinned) == {"LICENSE", "uPlot.iife.min.js", "uPlot.min.css"}
    for name, checksum in pinned.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum, name
    version = (folder / "README.md").read_text().split()[2]
    assert f"(v{version})" in (folder / "uPlot.iife.min.js").read_text()[:100]
