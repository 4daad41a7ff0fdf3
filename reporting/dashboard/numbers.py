"""Numbers: writes a report's amounts, and their changes, for people. Pure."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

import msgspec

#: An amount in the report's answer: a count, a decimal with six places, or None.
Amount = int | str | None
#: How an amount is written: `count` as a whole number, `money` with two decimals, `share` with up to two.
Form = Literal["count", "money", "share"]
#: Whether a higher figure is better (1), worse (-1) or neither (0).
Better = Literal[-1, 0, 1]

_HUNDREDTH, _TENTH = Decimal("0.01"), Decimal("0.1")


class Number(msgspec.Struct, frozen=True):
    """An amount. `value` is the text in the report's answer. `text` is what people read, rounded to hundredths."""

    value: str
    text: str

    @property
    def is_rounded(self) -> bool:
        """Whether `text` differs from the exact amount."""
        return Decimal(self.text.replace(",", "")) != Decimal(self.value)


class Change(msgspec.Struct, frozen=True):
    """The change of an amount. `text`: in percent. `way`: up, down or same. `verdict`: good, bad, or "". `before`: the
    earlier amount."""

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
    """Return the change of an amount in percent, rounded to tenths. None if an amount is missing or the earlier one is
    0."""
    if now is None or before is None or not Decimal(before):
        return None
    return ((Decimal(now) - Decimal(before)) / abs(Decimal(before)) * 100).quantize(_TENTH)


def change_of(now: Amount, before: Amount, form: Form, better: Better) -> Change | None:
    """Describe the change of an amount; None if it can't be computed."""
    percent, earlier = percent_change(now, before), number_of(before, form)
    if percent is None or earlier is None:
        return None
    sign = (percent > 0) - (percent < 0)
    verdict = {1: "good", -1: "bad"}.get(sign * better, "")
    return Change(f"{abs(percent):,} %", {1: "up", -1: "down"}.get(sign, "same"), verdict, earlier)
