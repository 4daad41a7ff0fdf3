"""Reader: the lines of a network's export -> what was spent, line by line, or all reasons why the file can't be used.
Pure."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from conversions.rules.ads import CLICK_IDS
from conversions.spend.forms import FORMS, PLAIN, Places, find_places
from conversions.spend.lines import BadLine, BadSpend, Problems, SpendLine, SpendNames
from conversions.spend.numbers import count_mark, day_order, decimal_mark, read_count, read_day, read_micros

#: A file has at most this many lines, a line this many characters, a header this many columns.
MAX_LINES, MAX_LINE, MAX_COLUMNS = 2_000_000, 20_000, 500
#: The header is among the first lines.
HEADER_WITHIN = 30
#: A name has at most this many characters.
MAX_NAME = 500
BLANK = ("", "-", "--")
#: The networks that clicks may have.
NETWORKS = tuple(sorted(set(CLICK_IDS.values())))
#: How the line of a total, or a line behind the last one, begins.
_TOTALS = ("total", "overall", "grand total", "\u00a9", "copyright")

#: Opens the lines of a file once more.
Opened = Callable[[], Iterable[str]]


class Reading(msgspec.Struct, frozen=True):
    """How to read a file where it doesn't say so itself. `mark`: before decimals. `order`: `day` or `month`, the first
    part of 11/12/2026. `currency`: where the file names none. Names replace those that a form has by default."""

    currency: str
    currencies: Collection[str]
    mark: str = ""
    order: str = ""
    names: SpendNames = SpendNames()


class Row(NamedTuple):
    """The cells of a line, and its number."""

    number: int
    cells: list[str]


class SpendFile:
    """A file whose header was found. It may be read more than once, and at no time is it in memory. Raises BadSpend."""

    def __init__(self, opened: Opened, reading: Reading) -> None:
        self._opened = opened
        self._delimiter, self._header, self.places = _find_header(opened())
        self._reading = reading
        if not (reading.mark and reading.order):
            self._reading = self._settle(reading)
        #: Lines of totals that were left out of the last pass.
        self.totals = 0

    def lines(self, problems: Problems) -> Iterator[SpendLine]:
        """Read what each line says. Faults are added to `problems`, with the line's number. A day may come twice: its
        lines are added up."""
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
        """Look for a line that shows which mark is before decimals, and whether the day or the month comes first."""
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
    """Pass lines on, if they are neither too long nor too many. Raises BadSpend."""
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise BadSpend([f"line {number}: more than {MAX_LINE} characters"])
        if number > MAX_LINES:
            raise BadSpend([f"more than {MAX_LINES} lines; import it in parts of whole days"])
        yield line


def _find_header(lines: Iterable[str]) -> tuple[str, int, Places]:
    """Find the delimiter, the line of the header, and the columns."""
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
    """Whether a line of an export is a total, or a note behind the lines. An export names a campaign in each line that
    is none."""
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
    """Read what one line says. Raises BadLine."""
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
    """The names of a line: its own, else those that were given, else those of the form. Raises BadLine."""
    own = SpendNames(*(found.get(name, "") for name in SpendNames._fields))
    if any(len(name) > MAX_NAME or "\0" in name for name in own):
        raise BadLine(f"a name has more than {MAX_NAME} characters")
    if own.network and own.network not in NETWORKS:
        raise BadLine(f"{own.network[:40]!r} is no network; {', '.join(NETWORKS)} are")
    if own.ad:
        return SpendNames(ad=own.ad)
    rest = zip(own, reading.names, places.form.names, strict=True)
    return SpendNames(*(name or given or usual for name, given, usual in rest))
