"""What rollup cells hold: names once, numbers in columns, under a checksum. Pure.

An hour has a cell of clicks and views, one of what wants a rate, and of each model two: what goals and ads came to, and
the same by the day of the touch.
"""

from typing import TypeVar
from zlib import crc32

import msgspec

from conversions.store.port import Cell

#: The model name under which an hour's clicks and views are kept.
CLICKS = "clicks"
#: Likewise what was set aside for want of a rate.
NO_RATE = "no_rate"
#: The bytes of the checksum that a body begins with.
CHECKSUM = 4

#: An ad's name, its campaign and whether it is configured: the fields of AdName.
Named = tuple[str, str, bool]


class Damaged(ValueError):
    """The body of a cell isn't what was written."""

    def __init__(self, cell: Cell, why: str) -> None:
        super().__init__(f"the cell {cell.model} {cell.page} {cell.start} is damaged: {why}")
        self.cell = cell


class Clicks(msgspec.Struct, frozen=True, array_like=True):
    """Clicks and views by ad: the ads, and of each of them a number of each."""

    ads: list[Named] = []
    clicks: list[int] = []
    views: list[int] = []


class Credit(msgspec.Struct, frozen=True, array_like=True):
    """Credit (micros of conversions) and value (micros of money) of every goal, a row in each of the last five columns.

    `goal`, `ad` and `day` are places in `goals` (uids), `ads` and `days`. An ad that is None: no touch was eligible. A
    row's day is its touches', else its conversions' own; in a cell that isn't by day, `days` and `day` are empty.
    """

    goals: list[str] = []
    ads: list[Named | None] = []
    days: list[str] = []
    goal: list[int] = []
    ad: list[int] = []
    day: list[int] = []
    credit: list[int] = []
    value: list[int] = []


class Unrated(msgspec.Struct, frozen=True, order=True, array_like=True):
    """How many of a goal's counted conversions want a rate, and what they lack: (currency, micros of it).

    One conversion may lack amounts of several currencies.
    """

    goal: str
    conversions: int
    amounts: tuple[tuple[str, int], ...]


Body = Clicks | Credit | list[Unrated]
T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_clicks = msgspec.json.Decoder(Clicks)
_credit = msgspec.json.Decoder(Credit)
_unrated = msgspec.json.Decoder(list[Unrated])


def by_touch_day(model: str) -> str:
    """The model name under which a model's cells by the touch's day are kept."""
    return f"{model} by day"


def encode(body: Body) -> bytes:
    """A cell's body."""
    return seal(_encoder.encode(body))


def seal(text: bytes) -> bytes:
    """A text under its checksum."""
    return crc32(text).to_bytes(CHECKSUM, "big") + text


def unseal(cell: Cell) -> bytes:
    """The text of a cell. Raises Damaged."""
    text = cell.body[CHECKSUM:]
    if crc32(text).to_bytes(CHECKSUM, "big") != cell.body[:CHECKSUM]:
        raise Damaged(cell, "its checksum is another")
    return text


def decode_clicks(cell: Cell) -> Clicks:
    """What a cell of clicks holds. Raises Damaged."""
    return _decode(_clicks, cell)


def decode_credit(cell: Cell) -> Credit:
    """What a model's cell holds. Raises Damaged."""
    return _decode(_credit, cell)


def decode_unrated(cell: Cell) -> list[Unrated]:
    """What a cell of what wants a rate holds. Raises Damaged."""
    return _decode(_unrated, cell)


def _decode(decoder: msgspec.json.Decoder[T], cell: Cell) -> T:
    text = unseal(cell)
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error
