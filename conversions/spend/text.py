"""Text: the bytes of a file -> its lines, in the encoding that its bytes show. Pure."""

from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import BinaryIO

from conversions.spend.lines import BadSpend
from conversions.spend.reader import MAX_LINE, Opened

#: Opens a file once more, at its beginning.
OpenedBytes = Callable[[], BinaryIO]

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1 << 16


def text_of(opened: OpenedBytes) -> Opened:
    """The lines of a file, which may be read more than once. Raises BadSpend where a line is in another encoding."""
    encoding = find_encoding(opened)
    return lambda: read_lines(opened, encoding)


def find_encoding(opened: OpenedBytes) -> str:
    """Find the encoding of a file: that of its mark; else UTF-8; else Latin-1 as Windows writes it."""
    with opened() as file:
        if file.read(2) in _UTF_16:
            return "utf-16"
    try:
        with TextIOWrapper(opened(), "utf-8-sig") as text:
            while text.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def read_lines(opened: OpenedBytes, encoding: str) -> Iterator[str]:
    """Read a file line by line. A line that is too long is cut, but stays too long. Raises BadSpend."""
    number = 0
    try:
        with TextIOWrapper(opened(), encoding, newline="") as file:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                yield line
    except UnicodeError as error:
        raise BadSpend([f"behind line {number}: bytes that are no text; save the file as UTF-8"]) from error
