"""Cursor: the position where a page of facts begins <-> its text in an address. Pure."""

from conversions.facts.records import OrderKey

#: The largest instant (ms) that the stores can compare.
MAX_AT = 1 << 60


def write_cursor(after: OrderKey) -> str:
    """Write a position in the order of facts as text."""
    at, hit, digest = after
    return f"{at}.{digest}.{hit}"


def read_cursor(text: str) -> OrderKey:
    """Read a position from its text. Raises ValueError."""
    if "\0" in text:
        raise ValueError("no id has a NUL, and no database takes one")
    at, digest, hit = text.split(".", 2)
    return read_number(at), hit, digest


def read_number(text: str) -> int:
    """Read an instant or a number. Raises ValueError."""
    number = int(text)
    if abs(number) > MAX_AT:
        raise ValueError(f"{text[:20]} is too large")
    return number
