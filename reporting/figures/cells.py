"""Cells: figures <-> the bodies of cells, with each name once, numbers in columns, and a checksum. Pure.

An hour has one cell of clicks and views and one of amounts without a rate. For each model it has two cells: the credit
of goals and ads, and the same by the day of the touch.
"""

from typing import TypeVar

import msgspec

from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell

#: The model name of the cells of clicks and views.
CLICKS = "clicks"
#: The model name of the cells of amounts without a rate.
NO_RATE = "no_rate"

#: The fields of AdName: an ad's name, its campaign and whether it is configured.
Named = tuple[str, str, bool]


class Clicks(msgspec.Struct, frozen=True, array_like=True):
    """Clicks and views by ad: a list of ads, and for each ad the numbers of clicks and of views."""

    ads: list[Named] = []
    clicks: list[int] = []
    views: list[int] = []


class Credit(msgspec.Struct, frozen=True, array_like=True):
    """Credit (micros of conversions) and value (micros of money) of every goal. The last five fields are the columns of
    one table.

    `goal`, `ad` and `day` are indexes into `goals` (uids), `ads` and `days`. If no touch was eligible, the ad is None.
    The day of a row is the day of its touches; in a row without touches, it is the day of its conversions. In a cell
    that isn't by day, `days` and `day` are empty.
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
    """How many counted conversions of a goal have amounts without a rate; and these amounts: (currency, micros).

    One conversion may have amounts in several such currencies.
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
    """The model name of cells by the day of the touch."""
    return f"{model} by day"


def encode_body(body: Body) -> bytes:
    """Serialize a cell's body."""
    return add_checksum(_encoder.encode(body))


def decode_clicks(cell: Cell) -> Clicks:
    """Read the clicks and views of a cell. Raises Damaged."""
    return _decode(_clicks, cell)


def decode_credit(cell: Cell) -> Credit:
    """Read the credit of a model's cell. Raises Damaged."""
    return _decode(_credit, cell)


def decode_unrated(cell: Cell) -> list[UnratedRow]:
    """Read the amounts without a rate of a cell. Raises Damaged."""
    return _decode(_unrated, cell)


def _decode(decoder: msgspec.json.Decoder[T], cell: Cell) -> T:
    text = remove_checksum(cell)
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error
