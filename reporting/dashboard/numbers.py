"""Numbers: converts a report's amounts, and their changes, to texts for people. Pure."""

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
    """An amount. `value` is its text in the report's answer, such as 1234.567000. `text` is what people read, rounded
    to hundredths: 1,234.57."""

    value: str
    text: str

    @property
    def is_rounded(self) -> bool:
        """Whether `text` differs from `value` because it was rounded."""
        return Decimal(self.text.replace(",", "")) != Decimal(self.value)


class Change(msgspec.Struct, frozen=True):
    """The change of an amount. `text`: the change without a sign, in percent or as an amount. `way`: up, down or same.
    `verdict`: good, bad, or "" for neither. `before`: the earlier amount."""

    text: str
    way: str
    verdict: str
    before: Number


def number_of(amount: Amount, form: Form) -> Number | None:
    """Write an amount of a report's answer for people, in the given form; None if the amount is None."""
    if amount is None:
        return None
    if form == "count":
        return Number(str(amount), f"{int(amount):,}")
    text = f"{Decimal(amount).quantize(_HUNDREDTH, ROUND_HALF_EVEN):,}"
    return Number(str(amount), text if form == "money" else text.rstrip("0").rstrip("."))


def percent_change(now: Amount, before: Amount) -> Decimal | None:
    """Return the change from `before` to `now` in percent, rounded to tenths. None if one of them is missing, or
    `before` is 0."""
    if now is None or before is None or not Decimal(before):
        return None
    return ((Decimal(now) - Decimal(before)) / abs(Decimal(before)) * 100).quantize(_TENTH)


def change_of(now: Amount, before: Amount, form: Form, better: Better) -> Change | None:
    """Describe the change from `before` to `now` for people; None if there is no percentage. `better`: whether a higher
    amount is better (1), worse (-1) or neither (0)."""
    percent, earlier = percent_change(now, before), number_of(before, form)
    if percent is None or earlier is None:
        return None
    sign = (percent > 0) - (percent < 0)
    verdict = {1: "good", -1: "bad"}.get(sign * better, "")
    return Change(f"{abs(percent):,} %", {1: "up", -1: "down"}.get(sign, "same"), verdict, earlier)


def difference_of(now: Amount, before: Amount, form: Form) -> Change | None:
    """Describe the difference from `before` to `now` for people, as an amount. It isn't said whether the difference is
    good or bad. None if an amount
    is missing, or if the difference is rounded to 0."""
    earlier = number_of(before, form)
    if now is None or before is None or earlier is None:
        return None
    difference = Decimal(now) - Decimal(before)
    shown = number_of(str(abs(difference)), form)
    if shown is None or not Decimal(shown.text.replace(",", "")):
        return None
    return Change(shown.text, "up" if difference > 0 else "down", "", earlier)
