"""Rows: a cell's columns <-> one record for each row, which is easier to read and write in tests."""

from collections.abc import Iterable

import msgspec

from conversions.facts.ad_names import AdName
from conversions.store.port import Cell
from reporting.figures.cells import Clicks, Credit, decode_clicks, decode_credit, encode_body
from reporting.figures.sums import columns, named


class CreditRow(msgspec.Struct, frozen=True, order=True):
    """The credit of one ad's touches of one day. `ad` None: unattributed. `touch_day` empty: the cell isn't by day."""

    ad: AdName | None
    touch_day: str
    credit: int
    value: int
    goal: str = ""


class ClickRow(msgspec.Struct, frozen=True, order=True):
    """Clicks and views of one ad."""

    ad: AdName
    clicks: int
    views: int


def click_rows(cell: Cell) -> list[ClickRow]:
    """The rows of a clicks cell."""
    found = decode_clicks(cell)
    return [ClickRow(AdName(*ad), *counts) for ad, *counts in zip(found.ads, found.clicks, found.views, strict=True)]


def credit_rows(cell: Cell) -> list[CreditRow]:
    """The rows of a model's cell."""
    found = decode_credit(cell)
    names = [ad and AdName(*ad) for ad in found.ads]
    days = [found.days[place] for place in found.day] if found.days else [""] * len(found.goal)
    rows = zip(found.goal, found.ad, days, found.credit, found.value, strict=True)
    return [CreditRow(names[ad], day, credit, value, found.goals[goal]) for goal, ad, day, credit, value in rows]


def clicks_body(rows: Iterable[ClickRow]) -> bytes:
    """The body of a clicks cell with these rows."""
    kept = list(rows)
    return encode_body(
        Clicks([named(row.ad) for row in kept], [row.clicks for row in kept], [row.views for row in kept])
    )


def credit_body(rows: Iterable[CreditRow]) -> bytes:
    """The body of a model's cell with these rows. Rows with the same goal, ad and day are added up."""
    places: dict[tuple[str, AdName | None, str], list[int]] = {}
    for row in rows:
        had = places.setdefault((row.goal, row.ad, row.touch_day), [0, 0])
        had[0], had[1] = had[0] + row.credit, had[1] + row.value
    return encode_body(columns(places) if places else Credit())
