"""Cursor: writes and reads the position in a list of facts at which a page begins, as text in a URL. Pure."""

from conversions.facts.records import OrderKey

#: The largest instant (ms) that is accepted. Both stores can compare this number.
MAX_AT = 1 << 60


def write_cursor(after: OrderKey) -> str:
    """Write a position (an `order_key`) as text for a URL."""
    at, hit, digest = after
    return f"{at}.{digest}.{hit}"


def read_cursor(text: str) -> OrderKey:
    """Read a position (an `order_key`) from text. Raises ValueError."""
    if "\0" in text:
        raise ValueError("no id has a NUL, and no database takes one")
    at, digest, hit = text.split(".", 2)
    return read_number(at), hit, digest


def read_number(text: str) -> int:
    """Read a whole number, such as an instant (ms). Raises ValueError if it is above MAX_AT or below -MAX_AT."""
    number = int(text)
    if abs(number) > MAX_AT:
        raise ValueError(f"{text[:20]} is too large")
    return number
