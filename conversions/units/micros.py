"""Micros: amounts in whole millionths -> the text of an answer, or the product with a factor. Pure."""

from tracker.collection.money import MICROS as MICROS


def times(amount: int, factor: int | None) -> int:
    """An amount multiplied by a factor in micros, exact, then rounded to the nearest micro, halves away from zero.

    An amount and its opposite give opposite products, and a full refund leaves nothing. Without a factor (None) the
    amount stays as it is.
    """
    if factor is None:
        return amount
    size = (2 * abs(amount * factor) + MICROS) // (2 * MICROS)
    return -size if amount * factor < 0 else size


def six_places(micros: int) -> str:
    """Conversions or money as a decimal string with exactly six places."""
    whole, part = divmod(abs(micros), MICROS)
    return f"{'-' if micros < 0 else ''}{whole}.{part:06d}"


def plain_number(micros: int) -> str:
    """An amount for people, without trailing zeros."""
    return six_places(micros).rstrip("0").rstrip(".")
