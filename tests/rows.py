"""Rows: converts the columns of a cell to one record for each row, which tests read and write more easily."""

from collections.abc import Iterable

import msgspec

from conversions.facts.ad_names import AdName
from conversions.store.port import Cell
from reporting.figures.cells import Clicks, Credit, decode_clicks, decode_credit, encode_body
from reporting.figures.sums import columns, named


class CreditRow(msgspec.Struct, frozen=True, order=True):
    """The credit of an ad's touches of one day. `ad` is None if unattributed; `touch_day` is "" if the cell isn't by
    day."""

    ad: AdName | None
    touch_day: str
    credit: int
    value: int
    goal: str = ""


class ClickRow(msgspec.Struct, frozen=True, order=True):
    """The clicks and views of an ad."""

    ad: AdName
    clicks: int
    views: int


def click_rows(cell: Cell) -> list[ClickRow]:
    """Return the rows of a cell of clicks and views."""
    found = decode_clicks(cell)
    return [ClickRow(AdName(*ad), *counts) for ad, *counts in zip(found.ads, found.clicks, found.views, strict=True)]


def credit_rows(cell: Cell) -> list[CreditRow]:
    """Return the rows of a model's cell."""
    found = decode_credit(cell)
    names = [ad and AdName(*ad) for ad in found.ads]
    days = [found.days[place] for place in found.day] if found.days else [""] * len(found.goal)
    rows = zip(found.goal, found.ad, days, found.credit, found.value, strict=True)
    return [CreditRow(names[ad], day, credit, value, found.goals[goal]) for goal, ad, day, credit, value in rows]


def clicks_body(rows: Iterable[ClickRow]) -> bytes:
    """Serialize a cell of clicks and views with these rows."""
    kept = list(rows)
    return encode_body(
        Clicks([named(row.ad) for row in kept], [row.clicks for row in kept], [row.views for row in kept])
    )


def credit_body(rows: Iterable[CreditRow]) -> bytes:
    """Serialize a model's cell with these rows. Rows of the same goal, ad and day are added up."""
    places: dict[tuple[str, AdName | None, str], list[int]] = {}
    for row in rows:
        had = places.setdefault((row.goal, row.ad, row.touch_day), [0, 0])
        had[0], had[1] = had[0] + row.credit, had[1] + row.value
    return encode_body(columns(places) if places else Credit())
