"""Money: reads an amount that a person or a program wrote, such as "1.299,00 €". An amount that could mean several
numbers or currencies is not read. Pure."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from unicodedata import decimal, normalize

import msgspec

from tracker.collection.currencies import CURRENCIES, meanings

MICROS = 1_000_000
#: The most digits of an amount before the decimal point.
DIGITS = 12
#: The most characters of a written amount.
MAX_LENGTH = 100

_PLAIN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")
#: A number with an optional minus and an optional currency sign or code before it, and an optional sign or code after
#: it.
_WRITTEN = re.compile(
    r"(?P<minus>[-+]?) ?(?:(?P<before>[^\d\s.,'+-]{1,5})\.?)? ?(?P<other>[-+]?)"
    r" ?(?P<number>(?:[\d.,' ]*\d|\d+\.)(?:[eE][-+]?\d{1,3})?)"
    r" ?(?:(?P<behind>[^\d\s.,'+-]{1,5})\.?)?"
)
_MACHINE = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
#: A number with digits in groups of three. The first group doesn't begin with 0, because 0,299 is less than one.
_GROUPED = re.compile(r"[1-9]\d{0,2}([,.' ])\d{3}(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_INDIAN = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d+)?")
_COMMA = re.compile(r"\d+,\d+")
#: A dash instead of decimals: `29,-`.
_DASH = re.compile(r"(?<=\d[.,])[-\u2013\u2014]{1,2}(?=\D*$)")
#: Other Unicode characters for minus, point, comma and apostrophe -> the ASCII ones.
_SAME = str.maketrans("\u2212\u066b\u066c\u2019\u02bc", "-.,''")


class Money(msgspec.Struct, frozen=True):
    """An amount in micros of a currency. "" stands for the site's currency."""

    micros: int
    currency: str = ""


def read_micros(text: str) -> int | None:
    """Read a number as programs write it: "-29.90" gives -29900000 micros. None for any other text."""
    match = _PLAIN.fullmatch(text)
    if not match:
        return None
    sign, whole, fraction = match.groups("")
    micros = int(whole) * MICROS + int(fraction.ljust(6, "0"))
    return -micros if sign else micros


def read_amount(text: str, currency: str, own: str) -> Money | None:
    """Read an amount from its text, which may contain a currency sign or code, and from a separate `currency`:
    "1.299,00 €" gives 1299 euros. None if it could have several meanings.

    `own`: the site's currency, which decides for example which dollar $ means. If neither the text nor `currency` names
    a currency, the result's currency is "".
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
    """Replace other Unicode digits and signs by those of ASCII, runs of white space by one blank, and a dash instead of
    decimals by 00: "29,-" gives "29,00"."""
    text = normalize("NFKC", text).translate(_SAME)
    text = "".join(str(decimal(letter)) if letter.isdecimal() else letter for letter in text)
    return _DASH.sub("00", " ".join(text.split()))


def _read_number(text: str) -> Decimal | None:
    """Read a number with points or commas; None if it could mean several numbers, as "1,299" could."""
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
    """Return the ISO code that all these signs and codes can mean; "" if `signs` is empty. If they can mean several
    codes, return the site's currency `own` if it is among these codes. Otherwise return None."""
    codes: frozenset[str] | None = None
    for sign in signs:
        codes = meanings(sign) if codes is None else codes & meanings(sign)
    if codes is None:
        return ""
    if len(codes) == 1:
        return next(iter(codes))
    return own if own in codes else None
