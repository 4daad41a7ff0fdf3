"""What a rollup cell holds: exact rows of one bucket, goal and model, as one value. Pure."""

from collections.abc import Iterable

import msgspec

from conversions.touch import AdName

#: The model name under which a bucket's clicks and views are kept; their goal is empty.
CLICKS = "clicks"


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


_encoder = msgspec.json.Encoder()
_credit_decoder = msgspec.json.Decoder(list[CreditRow])
_click_decoder = msgspec.json.Decoder(list[ClickRow])


def encode_rows(rows: Iterable[CreditRow] | Iterable[ClickRow]) -> bytes:
    """Rows as a cell's body."""
    return _encoder.encode(list(rows))


def decode_credit(body: bytes) -> list[CreditRow]:
    """The rows of a goal's cell."""
    return _credit_decoder.decode(body)


def decode_clicks(body: bytes) -> list[ClickRow]:
    """The rows of the clicks' cell."""
    return _click_decoder.decode(body)
