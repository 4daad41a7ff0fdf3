"""Money: an amount as programs write it -> micros. Pure."""

import re

MICROS = 1_000_000

_PLAIN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")


def read_micros(text: str) -> int | None:
    """The micros of a number such as -29.90; None for any other text."""
    match = _PLAIN.fullmatch(text)
    if not match:
        return None
    sign, whole, fraction = match.groups("")
    micros = int(whole) * MICROS + int(fraction.ljust(6, "0"))
    return -micros if sign else micros
