"""Money: the text of an amount -> micros and its currency, if the text has only one meaning. Pure."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from unicodedata import decimal, normalize

import msgspec

from tracker.collection.currencies import CURRENCIES, meanings

MICROS = 1_000_000
#: An amount has at most this many digits before the point.
DIGITS = 12
#: The text of an amount has at most this many characters.
MAX_LENGTH = 100

_PLAIN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")
#: A number. A minus, and a sign or code of a currency, may come before it; another sign or code may follow it.
_WRITTEN = re.compile(
    r"(?P<minus>[-+]?) ?(?:(?P<before>[^\d\s.,'+-]{1,5})\.?)? ?(?P<other>[-+]?)"
    r" ?(?P<number>(?:[\d.,' ]*\d|\d+\.)(?:[eE][-+]?\d{1,3})?)"
    r" ?(?:(?P<behind>[^\d\s.,'+-]{1,5})\.?)?"
)
_MACHINE = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
#: A number in groups of digits. The first group doesn't begin with 0, because 0,299 is less than one.
_GROUPED = re.compile(r"[1-9]\d{0,2}([,.' ])\d{3}(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_INDIAN = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d+)?")
_COMMA = re.compile(r"\d+,\d+")
#: A dash in place of decimals: `29,-`.
_DASH = re.compile(r"(?<=\d[.,])[-\u2013\u2014]{1,2}(?=\D*$)")
#: Minus, point, comma and apostrophe in other alphabets -> ASCII.
_SAME = str.maketrans("\u2212\u066b\u066c\u2019\u02bc", "-.,''")


class Money(msgspec.Struct, frozen=True):
    """Micros of a currency. If the currency is empty, it is the site's own."""

    micros: int
    currency: str = ""


def read_micros(text: str) -> int | None:
    """Read a number in the form of programs, such as -29.90, as micros; None for any other text."""
    match = _PLAIN.fullmatch(text)
    if not match:
        return None
    sign, whole, fraction = match.groups("")
    micros = int(whole) * MICROS + int(fraction.ljust(6, "0"))
    return -micros if sign else micros


def read_amount(text: str, currency: str, own: str) -> Money | None:
    """Read an amount from its text and its currency parameter; None if they have no single meaning.

    `own` is the site's currency. It decides which dollars `$` means. An amount without any sign or code is in this
    currency.
    """
    micros = read_micros(text)
    if micros is not None and (not currency or currency in CURRENCIES):
        return Money(micros, currency)
    return _read_written(text, currency, own) if len(text) <= MAX_LENGTH else None


def _read_written(text: str, currency: str, own: str) -> Money | None:
    found = _WRITTEN.fullmatch(_plainer(text))
    number = _read_number(found["number"]) if found else None
    if not found or number is None or (found["minus"] and found["other"]):
        return None
    code = _agree([sign for sign in (currency, found["before"], found["behind"]) if sign], own)
    micros = int((number * MICROS).to_integral_value(ROUND_HALF_UP))
    if micros >= MICROS * 10**DIGITS:
        return None
    negative = "-" in found["minus"] + found["other"]
    return None if code is None else Money(-micros if negative else micros, code)


def _plainer(text: str) -> str:
    """The text with ASCII digits, single blanks and ASCII marks."""
    text = normalize("NFKC", text).translate(_SAME)
    text = "".join(str(decimal(letter)) if letter.isdecimal() else letter for letter in text)
    return _DASH.sub("00", " ".join(text.split()))


def _read_number(text: str) -> Decimal | None:
    """Read the number if the digits, groups and marks have only one meaning; otherwise None."""
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
    """The code that all signs mean; empty if there are no signs; None if they disagree or are ambiguous."""
    codes: frozenset[str] | None = None
    for sign in signs:
        codes = meanings(sign) if codes is None else codes & meanings(sign)
    if codes is None:
        return ""
    if len(codes) == 1:
        return next(iter(codes))
    return own if own in codes else None
