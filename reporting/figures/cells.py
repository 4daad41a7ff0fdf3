"""Cells: serializes figures as cells: each name once, numbers in columns, with a checksum. Pure.

An hour has one cell of clicks and views, and one of amounts without an exchange rate. For each attribution model it has
two: credit by goal and ad, and the same by the day of the touch as well.
"""

from typing import TypeVar

import msgspec

from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell

#: The name, in place of a model's, of cells with clicks and views.
CLICKS = "clicks"
#: The name, in place of a model's, of cells with amounts without an exchange rate.
NO_RATE = "no_rate"

#: An AdName as a tuple: the ad's name, its campaign, and whether it is configured.
Named = tuple[str, str, bool]


class Clicks(msgspec.Struct, frozen=True, array_like=True):
    """Clicks and views by ad, as columns: the ads, and the numbers of clicks and of views of each."""

    ads: list[Named] = []
    clicks: list[int] = []
    views: list[int] = []


class Credit(msgspec.Struct, frozen=True, array_like=True):
    """Credit (micros of conversions) and value (micros of money) by goal and ad, as columns of a table.

    `goal`, `ad` and `day` are indexes into `goals` (uids), `ads` and `days`. The ad of unattributed amounts is None.
    The day is the touch's; for unattributed amounts it is the conversion's. In a cell that isn't by day, `days` and
    `day` are empty.
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
    """The number of a goal's conversions whose value has a part without an exchange rate, and these parts as (currency,
    micros).

    One conversion may have parts in several currencies.
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
    """Return the name of a model's cells that are by the day of the touch."""
    return f"{model} by day"


def encode_body(body: Body) -> bytes:
    """Serialize the figures of a cell, with a checksum."""
    return add_checksum(_encoder.encode(body))


def decode_clicks(cell: Cell) -> Clicks:
    """Read the clicks and views from a cell. Raises Damaged."""
    return _decode(_clicks, cell)


def decode_credit(cell: Cell) -> Credit:
    """Read the credit from a model's cell. Raises Damaged."""
    return _decode(_credit, cell)


def decode_unrated(cell: Cell) -> list[UnratedRow]:
    """Read the amounts without an exchange rate from a cell. Raises Damaged."""
    return _decode(_unrated, cell)


def _decode(decoder: msgspec.json.Decoder[T], cell: Cell) -> T:
    text = remove_checksum(cell)
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error
