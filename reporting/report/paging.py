"""Paging: sorts the rows of a report, and selects the rows of one page. Pure.

A page begins after a position: the key and the ordered value of the last row of the page before. If rows are added or
removed between two requests, the next page still begins at the same point of the order. A position contains nothing
that the report doesn't show.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from conversions.units.parameters import read_limit
from reporting.report.costs import COLUMNS, WIDTH, cost_figures
from tracker.collection.refusal import Refusal

#: The figures (besides spend) by which a report can be ordered -> their index in a sum.
FIGURES = {"clicks": 0, "views": 1, "conversions": 2, "value": 3}
#: All figures by which a report with spend can be ordered.
SORTABLE = (*FIGURES, *COLUMNS)
#: The most rows of a page.
MAX_LIMIT = 10_000
#: The most characters of a position's text.
MAX_TEXT = 16_384

#: The key of a row, by which rows are sorted: its values of `by`. In reports by ad it ends with whether the ad is
#: unconfigured.
Key = tuple[Any, ...]


class Order(msgspec.Struct, frozen=True):
    """The column by which rows are ordered. Rows with equal values in it are ordered by their keys. If `name` is empty,
    all rows are ordered by their keys."""

    name: str = ""
    descending: bool = False


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of rows ends: the key of its last row, and this row's value in the ordered column as text ("" for
    null). `by` and `order` are those of the report."""

    by: tuple[str, ...]
    order: Order
    value: str
    key: tuple[str | bool, ...]


class Page(msgspec.Struct, frozen=True):
    """Which rows of a report to show: in which order, at most how many (`limit`; 0 means all), and after which
    position."""

    order: Order = Order()
    limit: int = 0
    after: Position | None = None


def read_page(parameters: Mapping[str, str], by: tuple[str, ...], figures: Sequence[str] = tuple(FIGURES)) -> Page:
    """Read the parameters `order`, `limit` and `after` of a report. Rows may be ordered by a key in `by`, or by a
    figure in `figures`. Raises Refusal."""
    order = read_order(parameters.get("order") or "", (*by, *figures))
    after = parameters.get("after") or ""
    return Page(
        order,
        read_limit(parameters.get("limit") or "", MAX_LIMIT, usual=0),
        read_position(after, by, order) if after else None,
    )


def read_order(text: str, columns: Sequence[str]) -> Order:
    """Read the parameter `order`: `value` for the smallest first, `-value` for the largest first. `columns`: the
    columns that it may name. Raises Refusal."""
    name = text.removeprefix("-")
    if name and name not in columns:
        raise Refusal(400, "bad_order", f"order is one of {', '.join(columns)}, perhaps with - in front.", "order")
    if text == "-":
        raise Refusal(400, "bad_order", "order names no column.", "order")
    return Order(name, text.startswith("-"))


def read_position(text: str, by: tuple[str, ...], order: Order) -> Position:
    """Read the parameter `after`, a position. Raises Refusal if the text is no position, or comes from a report with a
    different `by` or `order`."""
    try:
        if len(text) > MAX_TEXT:
            raise ValueError("too long")
        found = msgspec.json.decode(urlsafe_b64decode(text.encode("ascii")), type=Position)
        if (found.by, found.order) == (by, order) and _is_key(found.key, by):
            _value_of(found)
            return found
    except (ValueError, msgspec.DecodeError):
        pass
    raise Refusal(400, "bad_page", "after must be the next of a page of this report.", "after")


def _is_key(key: Sequence[str | bool], by: Sequence[str]) -> bool:
    kinds = [*(str for _ in by), *((bool,) if "ad" in by else ())]
    return [type(part) for part in key] == kinds


def _value_of(position: Position) -> Any:
    if position.order.name not in SORTABLE:
        return position.value
    return int(position.value) if position.value or position.order.name in FIGURES else None


def page_of(sums: Mapping[Key, Sequence[int]], by: tuple[str, ...], page: Page) -> tuple[list[Key], str | None]:
    """Return the keys of a page's rows in order; and the position of the last row as text, or None if no rows follow.

    `sums`: key of each row -> its clicks, views, conversions and value, with the numbers of spend at the end. Rows
    whose value is null come last, in both directions.
    """
    values: dict[Key, Any] = {key: value_of(key, total, by, page.order.name) for key, total in sums.items()}
    keys = sorted(key for key in sums if values[key] is not None)
    keys.sort(key=values.__getitem__, reverse=page.order.descending)
    keys += sorted(key for key in sums if values[key] is None)
    if page.after:
        after, end = page.after, _value_of(page.after)
        keys = [key for key in keys if is_after((values[key], key), (end, after.key), page.order)]
    if not page.limit or len(keys) <= page.limit:
        return keys, None
    keys = keys[: page.limit]
    last = values[keys[-1]]
    return keys, _write(Position(by, page.order, "" if last is None else str(last), keys[-1]))


def value_of(key: Key, total: Sequence[int], by: tuple[str, ...], name: str) -> Any:
    """Return the value by which a row is ordered. `name`: the column; `total`: the row's sums."""
    if name in FIGURES:
        return total[FIGURES[name]]
    if name in COLUMNS:
        cost, impressions, clicks = total[-WIDTH:]
        return cost_figures(cost, impressions, clicks, conversions=total[2], value=total[3])[name]
    return key[by.index(name)] if name else ""


def is_after(place: tuple[Any, Key], end: tuple[Any, Key], order: Order) -> bool:
    """Whether the row `place` comes after the row `end` in the order. Both are given as (value in the ordered column,
    key)."""
    (own, key), (last, last_key) = place, end
    if own != last and None in (own, last):
        return own is None
    return key > last_key if own == last else (own < last) == order.descending


def _write(position: Position) -> str:
    return urlsafe_b64encode(msgspec.json.encode(position)).decode()
