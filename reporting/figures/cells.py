"""What a rollup cell holds: exact rows of one bucket, goal and model, as one value. Pure."""

from collections.abc import Iterable

import msgspec

from conversions.facts.ad_names import AdName

#: The model name under which a bucket's clicks and views are kept; their goal is empty.
CLICKS = "clicks"
#: Likewise what is unrated.
NO_RATE = "no_rate"


class CreditRow(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Credit (micros of conversions) and value (micros of money) that one ad's touches of one site-local day get.

    `ad` None: no touch was eligible; the row's day is then the conversion's own.
    """

    ad: AdName | None
    touch_day: str
    credit: int
    value: int


class ClickRow(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Clicks and views of one ad in the bucket."""

    ad: AdName
    clicks: int
    views: int


class UnratedRow(msgspec.Struct, frozen=True, order=True, array_like=True):
    """How many of a goal's counted conversions of the bucket want a rate, and what they lack: (currency, micros of it).

    One conversion may lack amounts of several currencies.
    """

    goal: str
    conversions: int
    amounts: tuple[tuple[str, int], ...]


_encoder = msgspec.json.Encoder()
_credit_decoder = msgspec.json.Decoder(list[CreditRow])
_click_decoder = msgspec.json.Decoder(list[ClickRow])
_unrated_decoder = msgspec.json.Decoder(list[UnratedRow])


def encode_rows(rows: Iterable[CreditRow] | Iterable[ClickRow] | Iterable[UnratedRow]) -> bytes:
    """Rows as a cell's body."""
    return _encoder.encode(list(rows))


def decode_credit(body: bytes) -> list[CreditRow]:
    """The rows of a goal's cell."""
    return _credit_decoder.decode(body)


def decode_clicks(body: bytes) -> list[ClickRow]:
    """The rows of the clicks' cell."""
    return _click_decoder.decode(body)


def decode_unrated(body: bytes) -> list[UnratedRow]:
    """The rows of the cell of what is unrated."""
    return _unrated_decoder.decode(body)
