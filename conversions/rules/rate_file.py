"""Rate file: reads the quotes of exchange rates from a CSV file, or lists the file's faults. Pure."""

import csv
import re
from collections.abc import Collection, Iterable
from datetime import date

from conversions.rules.rates import PLACES, Pair, Quote
from tracker.collection.refusal import Refusal

COLUMNS = ("day", "base", "quote", "rate")
MAX_LINES = 500_000
#: An error lists at most this many faults, and counts the others.
MAX_LISTED = 20
FIRST_DAY = "1970-01-01"
RATE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,12}))?")


class BadRates(Refusal):
    """Raised if a rate file has faults. Then nothing is loaded. `problems`: one text for each fault."""

    def __init__(self, problems: list[str]) -> None:
        more = len(problems) - MAX_LISTED
        lines = [*problems[:MAX_LISTED], *([f"and {more} more"] if more > 0 else [])]
        super().__init__(400, "invalid", "\n".join(lines), "file")
        self.problems = problems


class BadLine(Refusal):
    """Raised if a line of a rate file can't be used. The message says why."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "invalid", detail, "file")


def read_rate_file(lines: Iterable[str], last_day: str, currencies: Collection[str]) -> list[Quote]:
    """Read the quotes of a CSV file with a header. Raises BadRates with all faults.

    `last_day`: a quote of a later day is a fault. `currencies`: the known currency codes; any other code is a fault.
    """
    rows = csv.reader(lines)
    problems: list[str] = []
    found: dict[tuple[str, Pair], tuple[int, Quote]] = {}
    try:
        order = read_columns(next(rows, []))
        for row in rows:
            if rows.line_num > MAX_LINES:
                raise BadRates([f"more than {MAX_LINES} lines; load it in parts"])
            try:
                if row:
                    add_quote(found, rows.line_num, read_quote(row, order, last_day, currencies))
            except BadLine as error:
                problems.append(f"line {rows.line_num}: {error}")
    except csv.Error as error:
        problems.append(f"line {rows.line_num}: no CSV: {error}")
    if not found and not problems:
        problems.append("it has no rates")
    if problems:
        raise BadRates(problems)
    return [quote for _, quote in found.values()]


def read_columns(row: list[str]) -> list[int]:
    """Find the columns of a rate file: return for each of COLUMNS its index in the header. Raises BadRates if one is
    missing."""
    names = [name.strip().lower() for name in row]
    if sorted(names) != sorted(COLUMNS):
        raise BadRates([f"line 1: must name the columns {','.join(COLUMNS)}, in any order"])
    return [names.index(name) for name in COLUMNS]


def add_quote(found: dict[tuple[str, Pair], tuple[int, Quote]], line: int, quote: Quote) -> None:
    """Add a quote to `found`, a mapping of (day, pair of currencies) to (line, quote). Raises BadLine if `found` has
    another rate of the same pair and day. `line`: the number of the quote's line."""
    first, known = found.setdefault((quote.day, quote.pair), (line, quote))
    if known != quote:
        raise BadLine(f"{quote.base}/{quote.quote} of {quote.day} has another rate in line {first}")


def read_quote(row: list[str], order: list[int], last_day: str, currencies: Collection[str]) -> Quote:
    """Read a quote from a row of the file. `order`: the index of each of COLUMNS in the row. Raises BadLine."""
    if len(row) != len(COLUMNS):
        raise BadLine(f"{len(row)} columns instead of {len(COLUMNS)}")
    day, base, quote, rate = (row[place].strip() for place in order)
    for code in (base, quote):
        if code not in currencies:
            raise BadLine(f"{code[:20]!r} is no ISO 4217 code, such as EUR")
    if base == quote:
        raise BadLine(f"base and quote are both {base}")
    return Quote(read_day(day, last_day), base, quote, read_rate(rate))


def read_day(text: str, last_day: str) -> str:
    """Read an ISO day. Raises BadLine if the text is no day, or if the day is before FIRST_DAY or after `last_day`."""
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadLine(f"{text[:20]!r} is no day, such as 2026-11-23") from error
    if not FIRST_DAY <= day <= last_day:
        raise BadLine(f"{day} is not between {FIRST_DAY} and {last_day}")
    return day


def read_rate(text: str) -> int:
    """Read a rate, in units of 10**-12: `1.25` becomes 1250000000000. Raises BadLine."""
    match = RATE.fullmatch(text)
    rate = int(match[1]) * 10**PLACES + int((match[2] or "").ljust(PLACES, "0")) if match else 0
    if not rate:
        raise BadLine(f"{text[:40]!r} is no rate: a number above 0, up to 9 digits, a point and up to 12 more")
    return rate
