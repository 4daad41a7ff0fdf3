"""Numbers: an amount of the report -> its text for people, and its change against an earlier amount. Pure."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

import msgspec

#: An amount of an answer: a count, a decimal with six places, or nothing.
Amount = int | str | None
#: How an amount is written: in whole numbers, with the cents, or with the hundredths that it has.
Form = Literal["count", "money", "share"]
#: Whether more of a figure is good (1) or bad (-1). 0: neither.
Better = Literal[-1, 0, 1]

_HUNDREDTH, _TENTH = Decimal("0.01"), Decimal("0.1")


class Number(msgspec.Struct, frozen=True):
    """An amount. `value` is the answer's own text. `text` is what people read, rounded to hundredths."""

    value: str
    text: str

    @property
    def is_rounded(self) -> bool:
        """Whether people read another amount than the answer has."""
        return Decimal(self.text.replace(",", "")) != Decimal(self.value)


class Change(msgspec.Struct, frozen=True):
    """The change of an amount. `text`: in percent. `way`: up, down or same. `verdict`: good, bad, or empty. `before`:
    the earlier amount."""

    text: str
    way: str
    verdict: str
    before: Number


def number_of(amount: Amount, form: Form) -> Number | None:
    """Write an amount for people; None stays None."""
    if amount is None:
        return None
    if form == "count":
        return Number(str(amount), f"{int(amount):,}")
    text = f"{Decimal(amount).quantize(_HUNDREDTH, ROUND_HALF_EVEN):,}"
    return Number(str(amount), text if form == "money" else text.rstrip("0").rstrip("."))


def percent_change(now: Amount, before: Amount) -> Decimal | None:
    """By how many percent an amount has changed, to a tenth; None if either is missing or the earlier one is zero."""
    if now is None or before is None or not Decimal(before):
        return None
    return ((Decimal(now) - Decimal(before)) / abs(Decimal(before)) * 100).quantize(_TENTH)


def change_of(now: Amount, before: Amount, form: Form, better: Better) -> Change | None:
    """Describe the change of an amount; None if there is nothing to compare."""
    percent, earlier = percent_change(now, before), number_of(before, form)
    if percent is None or earlier is None:
        return None
    sign = (percent > 0) - (percent < 0)
    verdict = {1: "good", -1: "bad"}.get(sign * better, "")
    return Change(f"{abs(percent):,} %", {1: "up", -1: "down"}.get(sign, "same"), verdict, earlier)
