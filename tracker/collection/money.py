"""Money: an amount as people and programs write it -> micros and its currency, if it can mean one thing only. Pure."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from unicodedata import decimal, normalize

import msgspec

from tracker.collection.currencies import CURRENCIES, meanings

MICROS = 1_000_000
#: An amount has at most so many digits before the point.
DIGITS = 12
#: No amount is written longer than this.
MAX_LENGTH = 100

_PLAIN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")
#: A number; a minus, and a sign or a code of a currency, may stand before it, another such sign behind it.
_WRITTEN = re.compile(
    r"(?P<minus>[-+]?) ?(?:(?P<before>[^\d\s.,'+-]{1,5})\.?)? ?(?P<other>[-+]?)"
    r" ?(?P<number>(?:[\d.,' ]*\d|\d+\.)(?:[eE][-+]?\d{1,3})?)"
    r" ?(?:(?P<behind>[^\d\s.,'+-]{1,5})\.?)?"
)
_MACHINE = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
#: No number begins with a group of zeros: 0,299 is less than one.
_GROUPED = re.compile(r"[1-9]\d{0,2}([,.' ])\d{3}(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_INDIAN = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d+)?")
_COMMA = re.compile(r"\d+,\d+")
#: `29,-`: nothing behind the point.
_DASH = re.compile(r"(?<=\d[.,])[-\u2013\u2014]{1,2}(?=\D*$)")
#: Other alphabets' minus, point, comma and apostrophe.
_SAME = str.maketrans("\u2212\u066b\u066c\u2019\u02bc", "-.,''")


class Amount(msgspec.Struct, frozen=True):
    """Micros of a currency; an empty one is the site's own."""

    micros: int
    currency: str = ""


def read_micros(text: str) -> int | None:
    """The micros of a number as programs write it, such as -29.90; None for any other text."""
    match = _PLAIN.fullmatch(text)
    if not match:
        return None
    sign, whole, fraction = match.groups("")
    micros = int(whole) * MICROS + int(fraction.ljust(6, "0"))
    return -micros if sign else micros


def read_amount(text: str, currency: str, own: str) -> Amount | None:
    """The amount of a text and of what names its currency beside it; None where that isn't clear.

    `own` is the site's currency: it decides which dollars `$` are. Without any sign or code the amount is in it.
    """
    micros = read_micros(text)
    if micros is not None and (not currency or currency in CURRENCIES):
        return Amount(micros, currency)
    return _read_written(text, currency, own) if len(text) <= MAX_LENGTH else None


def _read_written(text: str, currency: str, own: str) -> Amount | None:
    found = _WRITTEN.fullmatch(_plainer(text))
    number = _read_number(found["number"]) if found else None
    if not found or number is None or (found["minus"] and found["other"]):
        return None
    code = _agree([sign for sign in (currency, found["before"], found["behind"]) if sign], own)
    micros = int((number * MICROS).to_integral_value(ROUND_HALF_UP))
    if micros >= MICROS * 10**DIGITS:
        return None
    negative = "-" in found["minus"] + found["other"]
    return None if code is None else Amount(-micros if negative else micros, code)


def _plainer(text: str) -> str:
    """The text with ASCII digits, blanks and marks."""
    text = normalize("NFKC", text).translate(_SAME)
    text = "".join(str(decimal(letter)) if letter.isdecimal() else letter for letter in text)
    return _DASH.sub("00", " ".join(text.split()))


def _read_number(text: str) -> Decimal | None:
    """The one number that the digits, groups and marks can mean."""
    readings = {Decimal(text)} if _MACHINE.fullmatch(text) else set(_readings(text))
    number = readings.pop() if len(readings) == 1 else None
    return number if number is not None and number.adjusted() < DIGITS else None


def _readings(text: str) -> Iterable[Decimal]:
    if grouped := _GROUPED.fullmatch(text):
        yield Decimal(text.replace(grouped[1], "").replace(",", "."))
    if _INDIAN.fullmatch(text):
        yield Decimal(text.replace(",", ""))
    if _COMMA.fullmatch(text):
        yield Decimal(text.replace(",", "."))


def _agree(signs: Iterable[str], own: str) -> str | None:
    """The code that all signs stand for, empty without any; None where they don't agree or leave it open."""
    codes: frozenset[str] | None = None
    for sign in signs:
        codes = meanings(sign) if codes is None else codes & meanings(sign)
    if codes is None:
        return ""
    if len(codes) == 1:
        return next(iter(codes))
    return own if own in codes else None
