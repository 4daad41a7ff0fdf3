"""Filters without a database: an odd value is accepted as it is, or refused, and the refusal names the parameter."""

from typing import Any

import pytest
from django.http import QueryDict

from conversions.explain.wanted import read_wanted
from conversions.filters.filters import AD_KEYS, FILTER_NAMES, Filter, read_filters, takes_ad, takes_no_ad
from conversions.rules.goals import Goal
from conversions.rules.site import SiteConfig
from reporting.report.query import read_query
from tracker.collection.refusal import Refusal

SITE = SiteConfig(key="s", goals=(Goal(uid="u1", key="sale", versions=()),))
DAYS = {"from": "2026-11-01", "to": "2026-11-02"}


def given(**parameters: list[str]) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, values in parameters.items():
        found.setlist(name, values)
    return found


@pytest.mark.parametrize("name", [name for name in FILTER_NAMES if name.strip("!") in AD_KEYS])
def test_a_filter_takes_every_text_but_not_too_many_or_too_long_ones(name: str) -> None:
    texts = ["\0", "x" * 1_000, "a,b", "x/y", "!", "*", "\ufffd", " "] if "channel" not in name else ["email"]
    (kept,) = read_filters(given(**{name: ["", *texts]}), SITE).values()
    assert kept == (Filter(without=frozenset(texts)) if name.endswith("!") else Filter(frozenset(texts)))
    assert read_filters(given(**{name: ["", ""]}), SITE) == {}
    for values in (["x" * 1_001], ["x"] * 101):
        with pytest.raises(Refusal) as error:
            read_filters(given(**{name: values}), SITE)
        assert (error.value.status, error.value.code, error.value.field) == (400, "bad_filter", name)


@pytest.mark.parametrize("name", ["!", "ad!!", "Ad", "not", "ad\0", "!ad", "goal!\n"])
@pytest.mark.parametrize("read", [read_wanted, read_query])
def test_a_name_that_is_no_filter_is_refused_with_the_list_of_all(read: Any, name: str) -> None:
    with pytest.raises(Refusal, match=r"channel!") as error:
        read({**DAYS, name: "x"}, SITE)
    assert (error.value.status, error.value.code, error.value.field) == (400, "unknown_parameter", name)


def test_a_value_that_is_both_included_and_excluded_is_excluded() -> None:
    filters = read_filters({"ad": "x", "ad!": "x", "goal": "sale"}, SITE)
    assert not takes_ad(filters, {"ad": "x"})
    assert not takes_no_ad(filters)
    assert takes_no_ad(read_filters({"ad!": "x", "goal": "sale"}, SITE))
