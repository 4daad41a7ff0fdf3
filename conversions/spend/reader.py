"""Reader: reads the spend in a network's export, line by line, and lists all faults of the file. Pure."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from conversions.rules.ads import CLICK_IDS
from conversions.spend.forms import FORMS, PLAIN, Places, find_places
from conversions.spend.lines import BadLine, BadSpend, Problems, SpendLine, SpendNames
from conversions.spend.numbers import count_mark, day_order, decimal_mark, read_count, read_day, read_micros

#: The most lines of a file, characters of a line, and columns of a header.
MAX_LINES, MAX_LINE, MAX_COLUMNS = 2_000_000, 20_000, 500
#: The header must be among this many first lines.
HEADER_WITHIN = 30
#: The longest name, in characters.
MAX_NAME = 500
BLANK = ("", "-", "--")
#: The known ad networks.
NETWORKS = tuple(sorted(set(CLICK_IDS.values())))
#: How lines with totals, and notes after the last line, begin.
_TOTALS = ("total", "overall", "grand total", "\u00a9", "copyright")

#: A function that opens the lines of the file again.
Opened = Callable[[], Iterable[str]]


class Reading(msgspec.Struct, frozen=True):
    """How to read a file where the file itself doesn't say it. `currency`: the currency of lines without a currency.
    `currencies`: the known codes. `mark`: the decimal mark. `order`: what comes first in 11/12/2026, `day` or `month`.
    `names`: the tags and the network of lines without them. `names` is used before the names of the file's form."""

    currency: str
    currencies: Collection[str]
    mark: str = ""
    order: str = ""
    names: SpendNames = SpendNames()


class Row(NamedTuple):
    """A line of a file: its number and its cells."""

    number: int
    cells: list[str]


class SpendFile:
    """A file of a known form. The file can be read several times, and is never in memory as a whole. All methods raise
    BadSpend if the file can't be read."""

    def __init__(self, opened: Opened, reading: Reading) -> None:
        self._opened = opened
        self._delimiter, self._header, self.places = _find_header(opened())
        self._reading = reading
        if not (reading.mark and reading.order):
            self._reading = self._settle(reading)
        #: How many lines with totals the last pass has skipped.
        self.totals = 0

    def lines(self, problems: Problems) -> Iterator[SpendLine]:
        """Read the file, line by line. If a line is bad, its number and its fault are added to `problems`. The same day
        and ad may have several lines."""
        self.totals = 0
        for row in self._rows():
            try:
                if is_total(row.cells, self.places):
                    self.totals += 1
                else:
                    yield read_line(row.cells, self.places, self._reading)
            except BadLine as error:
                problems.add(f"line {row.number}: {error}")

    def _settle(self, reading: Reading) -> Reading:
        """Return `reading` with the decimal mark and the order of day and month, if a line of the file shows them."""
        mark, order = reading.mark, reading.order
        indexes = self.places.indexes
        counts = [indexes[name] for name in ("clicks", "impressions") if name in indexes]
        for row in self._rows():
            cells = row.cells
            if len(cells) != self.places.width or is_total(cells, self.places):
                continue
            mark = mark or decimal_mark(cells[indexes["cost"]])
            mark = mark or next(filter(None, (count_mark(cells[place]) for place in counts)), "")
            order = order or day_order(cells[indexes["day"]])
            if mark and order:
                break
        return msgspec.structs.replace(reading, mark=mark, order=order)

    def _rows(self) -> Iterator[Row]:
        rows = csv.reader(checked(self._opened()), delimiter=self._delimiter)
        try:
            for cells in rows:
                if rows.line_num > self._header and any(cells):
                    yield Row(rows.line_num, cells)
        except csv.Error as error:
            raise BadSpend([f"line {rows.line_num}: no CSV: {error}"]) from error


def checked(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines unchanged. Raises BadSpend if a line is too long or if there are too many lines."""
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise BadSpend([f"line {number}: more than {MAX_LINE} characters"])
        if number > MAX_LINES:
            raise BadSpend([f"more than {MAX_LINES} lines; import it in parts of whole days"])
        yield line


def _find_header(lines: Iterable[str]) -> tuple[str, int, Places]:
    """Find the header of a file. Returns (delimiter, number of the header's line, columns). Raises BadSpend if there is
    no header."""
    first = list(islice(checked(lines), HEADER_WITHIN))
    for delimiter in "\t,;":
        rows = csv.reader(first, delimiter=delimiter)
        try:
            for cells in rows:
                places = find_places(cells) if len(cells) <= MAX_COLUMNS else None
                if places:
                    return delimiter, rows.line_num, places
        except csv.Error:
            continue
    forms = "; ".join(f"{form.name}: {', '.join(form.columns[name][0] for name in form.needs)}" for form in FORMS)
    raise BadSpend([f"none of the first {HEADER_WITHIN} lines names the columns of a known form ({forms})"])


def is_total(cells: list[str], places: Places) -> bool:
    """Whether a line of an export is a total or a note at the end of the file, and not the spend of a campaign."""
    if places.form is PLAIN:
        return False
    start = next((cell.strip().lower() for cell in cells if cell.strip() not in BLANK), "")
    day = _cell(cells, places, "day")
    if len(cells) < places.width:
        return start.startswith(_TOTALS)
    return (not day and start.startswith(_TOTALS)) or (bool(day) and not _cell(cells, places, "campaign"))


def _cell(cells: list[str], places: Places, field: str) -> str:
    place = places.indexes.get(field)
    text = cells[place].strip() if place is not None and place < len(cells) else ""
    return "" if text in BLANK else text


def read_line(cells: list[str], places: Places, reading: Reading) -> SpendLine:
    """Read the cells of one line as spend. Raises BadLine."""
    if len(cells) != places.width:
        raise BadLine(f"{len(cells)} columns instead of {places.width}")
    found = {field: cells[place].strip() for field, place in places.indexes.items()}
    currency = (found.get("currency") or places.currency or reading.currency).upper()
    if currency not in reading.currencies:
        raise BadLine(f"{currency[:20]!r} is no ISO 4217 code, such as EUR")
    day = read_day(found["day"], reading.order)
    if found.get("until") and read_day(found["until"], reading.order) != day:
        raise BadLine("it covers more than one day; export the report by day")
    return SpendLine(
        day,
        currency,
        read_names(found, places, reading),
        read_micros(found["cost"], reading.mark),
        read_count(found.get("clicks", ""), reading.mark),
        read_count(found.get("impressions", ""), reading.mark),
    )


def read_names(found: dict[str, str], places: Places, reading: Reading) -> SpendNames:
    """Return the names by which the ad of a line is found. A tag or network that the line lacks comes from `reading`,
    else from the form. `found`: field -> text of the line. Raises BadLine."""
    own = SpendNames(*(found.get(name, "") for name in SpendNames._fields))
    if any(len(name) > MAX_NAME or "\0" in name for name in own):
        raise BadLine(f"a name has more than {MAX_NAME} characters")
    if own.network and own.network not in NETWORKS:
        raise BadLine(f"{own.network[:40]!r} is no network; {', '.join(NETWORKS)} are")
    if own.ad:
        return SpendNames(ad=own.ad)
    rest = zip(own, reading.names, places.form.names, strict=True)
    return SpendNames(*(name or given or usual for name, given, usual in rest))
