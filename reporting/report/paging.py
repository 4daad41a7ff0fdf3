"""Paging: the sums of all rows -> the keys of those rows that a page shows, in order, and where the next one begins.
Pure.

A position is the last row's own place in the order. It gives nothing but rows of the same report, and rows that come or
go between two pages don't shift it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from reporting.report.costs import COLUMNS, WIDTH, cost_figures
from tracker.collection.refusal import Refusal

#: What a report can be ordered by beside its keys and the columns of spend -> the place in a sum.
FIGURES = {"clicks": 0, "views": 1, "conversions": 2, "value": 3}
#: All figures that a report with spend can be ordered by.
SORTABLE = (*FIGURES, *COLUMNS)
#: A page has at most this many rows.
MAX_LIMIT = 10_000
#: The text of a position has at most this many characters.
MAX_TEXT = 16_384

#: The `by` keys of a row, by which rows are sorted; by ad, then also whether the ad is unconfigured.
Key = tuple[Any, ...]


class Order(msgspec.Struct, frozen=True):
    """By what rows are ordered, after which those with equal values are ordered by their keys. An empty name: by the
    keys alone."""

    name: str = ""
    descending: bool = False


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page: the keys and the order of its report, its value in this order as text, empty if that is
    null, and its key."""

    by: tuple[str, ...]
    order: Order
    value: str
    key: tuple[str | bool, ...]


class Page(msgspec.Struct, frozen=True):
    """Which rows to show. `limit` 0: all."""

    order: Order = Order()
    limit: int = 0
    after: Position | None = None


def read_page(parameters: Mapping[str, str], by: tuple[str, ...], figures: Sequence[str] = tuple(FIGURES)) -> Page:
    """Read the parameters `order`, `limit` and `after`. `figures`: those that the report may have. Raises Refusal."""
    order = read_order(parameters.get("order") or "", (*by, *figures))
    after = parameters.get("after") or ""
    return Page(order, read_limit(parameters.get("limit") or ""), read_position(after, by, order) if after else None)


def read_order(text: str, columns: Sequence[str]) -> Order:
    """Read a column's name; a `-` in front means that the largest value comes first. Raises Refusal."""
    name = text.removeprefix("-")
    if name and name not in columns:
        raise Refusal(400, "bad_order", f"order is one of {', '.join(columns)}, or - and one of them.", "order")
    if text == "-":
        raise Refusal(400, "bad_order", "order names no column.", "order")
    return Order(name, text.startswith("-"))


def read_limit(text: str) -> int:
    """Read the number of rows; no text is no limit. Raises Refusal."""
    if not text:
        return 0
    if text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise Refusal(400, "bad_limit", f"limit is a number from 1 to {MAX_LIMIT}.", "limit")


def read_position(text: str, by: tuple[str, ...], order: Order) -> Position:
    """Read a position. Raises Refusal unless it was written for a report of these keys in this order."""
    try:
        if len(text) > MAX_TEXT:
            raise ValueError("too long")
        found = msgspec.json.decode(urlsafe_b64decode(text.encode("ascii")), type=Position)
        if (found.by, found.order) == (by, order) and _is_key(found.key, by):
            _value_of(found)
            return found
    except (ValueError, msgspec.DecodeError):
        pass
    raise Refusal(400, "bad_page", "after is not the value in next of a page of this report.", "after")


def _is_key(key: Sequence[str | bool], by: Sequence[str]) -> bool:
    kinds = [*(str for _ in by), *((bool,) if "ad" in by else ())]
    return [type(part) for part in key] == kinds


def _value_of(position: Position) -> Any:
    if position.order.name not in SORTABLE:
        return position.value
    return int(position.value) if position.value or position.order.name in FIGURES else None


def page_of(sums: Mapping[Key, Sequence[int]], by: tuple[str, ...], page: Page) -> tuple[list[Key], str | None]:
    """The keys of the page's rows, and the text of the position after them; None if there are no more rows.

    `sums`: the key of each row -> its clicks, views, conversions and value; with spend, its numbers at the end. A row
    whose value is null comes last, in either direction.
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
    """The value by which a row is ordered."""
    if name in FIGURES:
        return total[FIGURES[name]]
    if name in COLUMNS:
        cost, impressions, clicks = total[-WIDTH:]
        return cost_figures(cost, impressions, clicks, conversions=total[2], value=total[3])[name]
    return key[by.index(name)] if name else ""


def is_after(place: tuple[Any, Key], end: tuple[Any, Key], order: Order) -> bool:
    """Whether a row, by its value and its key, comes after another one."""
    (own, key), (last, last_key) = place, end
    if own != last and None in (own, last):
        return own is None
    return key > last_key if own == last else (own < last) == order.descending


def _write(position: Position) -> str:
    return urlsafe_b64encode(msgspec.json.encode(position)).decode()
