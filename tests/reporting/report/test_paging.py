"""Paging without a database: rows in an order, page by page."""

from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.report.paging import MAX_LIMIT, SORTABLE, Key, Order, Page, page_of, read_page
from tracker.collection.refusal import Refusal

BY = ("day", "ad")
SUMS = st.dictionaries(
    st.tuples(st.sampled_from("xyz"), st.text(max_size=3), st.booleans()),
    st.lists(st.integers(-3, 3) | st.integers(10**25, 10**26), min_size=7, max_size=7),
    max_size=12,
)
ORDERS = st.sampled_from(["", "value", "-value", "clicks", "-ad", "day", "cost", "-cpc", "roas", "-roas", "-profit"])


def refused(**parameters: str) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as error:
        read_page(parameters, BY)
    return error.value.status, error.value.code, error.value.field


@given(sums=SUMS, order=ORDERS, limit=st.integers(1, 4))
def test_pages_one_after_the_other_have_every_row_once_in_order(
    sums: dict[Key, list[int]], order: str, limit: int
) -> None:
    whole, none = page_of(sums, BY, read_page({"order": order}, BY, SORTABLE))
    assert none is None
    assert sorted(whole) == sorted(sums)
    found: list[Key] = []
    after: str | None = ""
    while after is not None:
        keys, after = page_of(sums, BY, read_page({"order": order, "limit": str(limit), "after": after}, BY, SORTABLE))
        assert len(keys) <= limit
        found += keys
    assert found == whole


def test_the_largest_come_first_and_equal_ones_are_in_the_order_of_their_keys() -> None:
    sums = {("x", name, False): [0, 0, 0, value] for name, value in (("a", 1), ("b", 7), ("c", 1))}
    keys, _ = page_of(sums, BY, Page(Order("value", descending=True)))
    assert [key[1] for key in keys] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("order", "names"), [("-roas", "bcda"), ("roas", "dcba"), ("-cost", "cbda"), ("-cpc", "cabd"), ("cpc", "cabd")]
)
def test_a_row_whose_figure_of_spend_is_null_comes_last_in_either_direction(order: str, names: str) -> None:
    money = {"a": (9, 0, 0, 0), "b": (9, 3, 0, 0), "c": (4, 4, 0, 2), "d": (0, 1, 0, 0)}
    sums = {("x", name, False): [0, 0, 0, value, *spent] for name, (value, *spent) in money.items()}
    keys, _ = page_of(sums, BY, read_page({"order": order}, BY, SORTABLE))
    assert "".join(key[1] for key in keys) == names


def test_a_row_that_comes_between_two_pages_shifts_no_other() -> None:
    sums = {("x", name, False): [0, 0, 0, value] for name, value in (("a", 9), ("c", 7), ("d", 5))}
    first, after = page_of(sums, BY, read_page({"order": "-value", "limit": "2"}, BY))
    more = {**sums, ("x", "b", False): [0, 0, 0, 8]}
    second, _ = page_of(more, BY, read_page({"order": "-value", "limit": "2", "after": after or ""}, BY))
    assert [key[1] for key in (*first, *second)] == ["a", "c", "d"]


@pytest.mark.parametrize("limit", ["0", "-1", "1e3", "1000000000", "9" * 5_000, "١", "ten", str(MAX_LIMIT + 1)])
def test_a_limit_is_a_number_of_rows(limit: str) -> None:
    assert refused(limit=limit) == (400, "bad_limit", "limit")


@pytest.mark.parametrize("order", ["hour", "-", "--value", "value,ad", "configured", "\0", "cost"])
def test_an_order_names_a_column_of_the_report(order: str) -> None:
    assert refused(order=order) == (400, "bad_order", "order")


def forged(*position: Any) -> str:
    return urlsafe_b64encode(msgspec.json.encode(position)).decode()


@pytest.mark.parametrize(
    "after",
    [
        *("x", "ä", "\0", "A" * 20_000, "bnVsbA=="),
        forged(["ad"], {"name": "value", "descending": False}, "1", ["a", True]),
        forged(BY, {"name": "value", "descending": True}, "1", ["x", "a", True]),
        forged(BY, {"name": "value", "descending": False}, "much", ["x", "a", True]),
        forged(BY, {"name": "value", "descending": False}, "9" * 9_000, ["x", "a", True]),
        forged(BY, {"name": "value", "descending": False}, "1", ["x", "a"]),
        forged(BY, {"name": "value", "descending": False}, "1", ["x", True, "a"]),
        forged(BY, {"name": "value", "descending": False}, 1, ["x", "a", True]),
        forged(BY, {"name": "value", "descending": False}, "", ["x", "a", True]),
    ],
)
def test_a_position_of_no_page_of_this_report_is_refused(after: str) -> None:
    assert refused(order="value", after=after) == (400, "bad_page", "after")
