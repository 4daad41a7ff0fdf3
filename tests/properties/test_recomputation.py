"""The recomputation uses nothing of the product, names its rules, and follows the documented order and hours."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversions.facts.records import Adjustment, Conversion, Fact, Link, Touch, order_key
from conversions.units.clock import bucket_of, day_of
from tests.properties.recomputation import hours, records
from tests.properties.recomputation.order import place
from tests.running import CHECKOUT

PACKAGE = Path(__file__).parent / "recomputation"
FILES = sorted(PACKAGE.glob("*.py"))
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca"]
YEAR_2000, YEAR_2038 = 946_684_800_000, 2_145_916_800_000
#: Half an hour forward at 2 o'clock on Lord Howe, an hour back at 3 o'clock in Berlin.
CHANGES = [("Australia/Lord_Howe", 1_791_041_400_000), ("Europe/Berlin", 1_792_890_000_000)]
TEXT = 'a "quoted" \\ ü 時\x01\n'
FACTS: list[Fact] = [
    Touch(site="s", visitor="ann", kind="click", at=0, hit="h"),
    Touch(site="s", visitor=TEXT, user=TEXT, kind="view", at=5, hit="h", ad=TEXT, source="x", term="y", landed=True),
    Conversion(site="s", visitor="ann", at=1, hit="h", goal="g", version=2, value=0),
    Conversion(
        site="s", visitor="ann", user="u", at=1, hit="h", goal="g", version=2, order=TEXT, value=-7, currency="EUR"
    ),
    Adjustment(site="s", order="o", at=1, hit="h", kind="refund", value=3, currency="EUR"),
    Adjustment(site="s", order="o", at=1, hit="h", kind="retract"),
    Adjustment(site="s", order="", at=1, hit="h", kind="retract", click=TEXT),
    Conversion(site="s", visitor="ann", at=1, hit="h", goal="g", version=2, click=TEXT),
    Touch(site="s", visitor="ann", kind="click", at=0, hit="h", issued=True),
    Link(site="s", visitor="ann", user=TEXT, at=1, hit="h"),
]


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_imports_nothing_but_itself_and_python(path: Path) -> None:
    inside = "tests.properties.recomputation"
    outside = {name for name in imports_of(path) if name != inside and not name.startswith(f"{inside}.")}
    assert {name for name in outside if name.split(".")[0] not in sys.stdlib_module_names} == set()


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "__init__"], ids=lambda path: path.stem)
def test_each_file_names_the_rules_that_it_follows(path: Path) -> None:
    headings = re.findall(r"^#+ (.+)$", (CHECKOUT / "docs" / "models.md").read_text(), re.MULTILINE)
    said = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split())
    named = re.search(r"Rules: `docs/models\.md`, (.+?)\.(?:\s|$)", said)
    assert named, f"{path.name} names no rules"
    assert set(named[1].split(" and ") if named[1] not in headings else [named[1]]) <= set(headings)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_it_orders_copies_by_the_digest_that_is_documented(fact: Fact) -> None:
    own: records.Fact = getattr(records, type(fact).__name__)(
        **{name: getattr(fact, name) for name in fact.__struct_fields__ if name not in ("batch", "bucket")}
    )
    assert place(own) == order_key(fact)


@settings(max_examples=300)
@given(at=st.integers(YEAR_2000, YEAR_2038), timezone=st.sampled_from(ZONES))
def test_its_hours_and_days_are_those_of_the_sites_clock(at: int, timezone: str) -> None:
    assert (hours.hour_of(at, timezone), hours.day_of(at, timezone)) == (bucket_of(at, timezone), day_of(at, timezone))


@pytest.mark.parametrize(("timezone", "change"), CHANGES)
def test_its_hours_are_right_when_the_clock_changes(timezone: str, change: int) -> None:
    for minute in range(-180, 181):
        at = change + minute * hours.MINUTE - 1
        assert hours.hour_of(at, timezone) == bucket_of(at, timezone)
