"""Cells: converts figures to the bytes of cells and back. In these bytes each name occurs once, numbers are in columns,
and a checksum shows damage. Pure.

An hour has one cell of clicks and views, and one cell of amounts whose exchange rate is unknown. For each attribution
model it has two cells: one of credit by goal and ad, and one of credit by goal, ad and the touch's day.
"""

from typing import TypeVar

import msgspec

from conversions.facts.ad_names import Named
from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell

#: The name, in place of a model's, of cells with clicks and views.
CLICKS = "clicks"
#: The name, in place of a model's, of cells with amounts without an exchange rate.
NO_RATE = "no_rate"


class Clicks(msgspec.Struct, frozen=True, array_like=True):
    """Clicks and views by ad, in columns: `clicks[n]` and `views[n]` are the numbers of the ad `ads[n]`."""

    ads: list[Named] = []
    clicks: list[int] = []
    views: list[int] = []


class Credit(msgspec.Struct, frozen=True, array_like=True):
    """Credit (micros of conversions) and value (micros of money), as a table in columns.

    Row n is for the goal `goals[goal[n]]` (a uid), the ad `ads[ad[n]]` (None for unattributed amounts) and the day
    `days[day[n]]`. The day is the touch's day; for unattributed amounts it is the conversion's. In a cell that isn't by
    day, `days` and `day` are empty.
    """

    goals: list[str] = []
    ads: list[Named | None] = []
    days: list[str] = []
    goal: list[int] = []
    ad: list[int] = []
    day: list[int] = []
    credit: list[int] = []
    value: list[int] = []


class UnratedRow(msgspec.Struct, frozen=True, order=True, array_like=True):
    """How many conversions of a goal have a value that lacks an exchange rate; and the amounts that therefore can't be
    converted, as (currency, micros).

    One conversion may have such amounts in several currencies.
    """

    goal: str
    conversions: int
    amounts: tuple[tuple[str, int], ...]


Body = Clicks | Credit | list[UnratedRow]
T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_clicks = msgspec.json.Decoder(Clicks)
_credit = msgspec.json.Decoder(Credit)
_unrated = msgspec.json.Decoder(list[UnratedRow])


def by_touch_day(model: str) -> str:
    """Return the name of a model's cells by the touch's day: `linear` gives `linear by day`."""
    return f"{model} by day"


def encode_body(body: Body) -> bytes:
    """Convert the figures of a cell to bytes, with a checksum."""
    return add_checksum(_encoder.encode(body))


def decode_clicks(cell: Cell) -> Clicks:
    """Read the clicks and views in a cell. Raises Damaged."""
    return _decode(_clicks, cell)


def decode_credit(cell: Cell) -> Credit:
    """Read the credit and value in a model's cell. Raises Damaged."""
    return _decode(_credit, cell)


def decode_unrated(cell: Cell) -> list[UnratedRow]:
    """Read from a cell the amounts whose exchange rate is unknown. Raises Damaged."""
    return _decode(_unrated, cell)


def _decode(decoder: msgspec.json.Decoder[T], cell: Cell) -> T:
    text = remove_checksum(cell)
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error
