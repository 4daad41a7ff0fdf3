"""Numbers: reads the amounts, counts and days of a file, in all usual spellings. Pure.

Some texts have two meanings: 1,234 may be 1234 or 1.234. Other lines of the file may show which meaning is right. If no
line shows it, the text is refused.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from conversions.spend.lines import BadLine
from tracker.collection.money import MICROS

FIRST_DAY = "2000-01-01"
LAST_DAY = "2999-12-31"

#: The sign or the code of a currency, before or after a number.
_BEFORE = re.compile(r"^(-?)[^\W\d_]{0,3}[^\w.,()+-]?(?=[-\d.,(])")
_BEHIND = re.compile(r"(?<=[\d)])[^\w.,()%+-]?[^\W\d_]{0,3}$")
#: The digits before the decimals, with or without groups, also in Indian groups (1,00,000).
_WHOLE = re.compile(r"\d+|\d{1,3}(?:[.,]\d{3})+|\d{1,2}(?:[.,]\d{2})+[.,]\d{3}")
_GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: 0{1,2}:00(?::00)?(?: AM)?)?")
_PART = re.compile(r"[0-9]{0,12}")
_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y")
_MIDNIGHT = re.compile(r"[ T]00:00(:00)?$")
#: Blanks and apostrophes that group digits.
_BLANKS = dict.fromkeys(map(ord, " \u00a0\u2009\u202f'\u2019"))


def trim(text: str) -> str:
    """Remove blanks and the sign or code of a currency from a number: `$ 1 234.50` becomes `1234.50`. A number in
    parentheses becomes negative."""
    text = _BEHIND.sub("", _BEFORE.sub(r"\1", text.replace("\u2212", "-").translate(_BLANKS)))
    return f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text


def decimal_mark(text: str) -> str:
    """Return the decimal mark of a number, `.` or `,`, if the number shows it: `.` for `1,234.50`, `,` for `12,5`.
    Empty for `1,234`, which has two meanings."""
    text = trim(text).lstrip("+-")
    marks = [mark for mark in text if mark in ".,"]
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    return marks[0] if marks and not _GROUPED.fullmatch(text) else ""


def count_mark(text: str) -> str:
    """Return the decimal mark that follows from a count. A count has no decimals: in `1,234` the comma groups digits,
    and therefore the decimal mark is the point. Empty for a count without groups, such as `123`."""
    marks = {mark for mark in text if mark in ".,"}
    return {".": ",", ",": "."}[marks.pop()] if len(marks) == 1 and _GROUPED.fullmatch(trim(text)) else ""


def day_order(text: str) -> str:
    """Return whether the day or the month comes first in a date with slashes: `month` for 11/23/2026, `day` for
    23/11/2026. Empty for 11/12/2026, which has two meanings."""
    found = _SLASHED.fullmatch(text.strip())
    if not found or int(found[1]) <= 12 >= int(found[2]):
        return ""
    return "day" if int(found[1]) > 12 else "month"


def read_micros(text: str, mark: str) -> int:
    """Read an amount as micros, rounded half up: `1.50` becomes 1500000. `mark`: the decimal mark of the file; empty if
    it is unknown. Raises BadLine."""
    plain = trim(text)
    if not mark and _GROUPED.fullmatch(plain.lstrip("-")):
        raise BadLine(f"{text[:40]!r} has two meanings; say what the decimal mark is")
    whole, _, part = plain.removeprefix("-").partition(mark or ".")
    digits = re.sub("[.,]", "", whole)
    if not _WHOLE.fullmatch(whole) or not _PART.fullmatch(part) or len(digits) > 12:
        raise BadLine(f"{text[:40]!r} is no amount")
    part = part.ljust(7, "0")
    micros = int(digits) * MICROS + int(part[:6]) + (part[6] >= "5")
    return -micros if plain.startswith("-") else micros


def read_count(text: str, mark: str) -> int:
    """Read a number of clicks or impressions. An empty text or a dash is 0. `mark`: the decimal mark of the file; empty
    if it is unknown. Raises BadLine."""
    if text.strip() in ("", "-", "--"):
        return 0
    micros = read_micros(text, mark or count_mark(text))
    if micros % MICROS or micros < 0:
        raise BadLine(f"{text[:40]!r} is no count")
    return micros // MICROS


@lru_cache(maxsize=4096)
def read_day(text: str, order: str) -> str:
    """Read a day in a known spelling, and return it as `YYYY-MM-DD`. `order`: see `day_order`. Raises BadLine."""
    text = text.strip()
    day = _slashed(text, order) if _SLASHED.fullmatch(text) else _parsed(_MIDNIGHT.sub("", text), _FORMS)
    if not day:
        raise BadLine(f"{text[:40]!r} is no day, such as 2026-11-23")
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadLine(f"{day} is not between {FIRST_DAY} and {LAST_DAY}")
    return day


def _slashed(text: str, order: str) -> str:
    if not order and text[:2] != text[3:5]:
        raise BadLine(f"{text[:40]!r} has two meanings; say whether the day or the month comes first")
    return _parsed(text.split(" ")[0], ("%d/%m/%Y" if order == "day" else "%m/%d/%Y",))


def _parsed(text: str, forms: Iterable[str]) -> str:
    for form in forms:
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return ""
