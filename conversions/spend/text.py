"""Text: decodes the bytes of a file to lines. The encoding is found from the bytes. Pure."""

from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import BinaryIO

from conversions.spend.lines import BadSpend
from conversions.spend.reader import MAX_LINE, Opened

#: A function that opens the file again, at its beginning.
OpenedBytes = Callable[[], BinaryIO]

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1 << 16


def text_of(opened: OpenedBytes) -> Opened:
    """Return a function that opens a file and yields its lines as text. Reading raises BadSpend if the file has bytes
    that are no text."""
    encoding = find_encoding(opened)
    return lambda: read_lines(opened, encoding)


def find_encoding(opened: OpenedBytes) -> str:
    """Return the encoding of a file: UTF-16 if the file begins with a UTF-16 byte order mark; else UTF-8 if all bytes
    are valid UTF-8; else Windows-1252."""
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
    """Read a file line by line. A line that is longer than MAX_LINE comes in several pieces. `checked` refuses the
    first piece. Raises BadSpend."""
    number = 0
    try:
        with TextIOWrapper(opened(), encoding, newline="") as file:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                yield line
    except UnicodeError as error:
        raise BadSpend([f"after line {number}: bytes that are no text; save the file as UTF-8"]) from error
