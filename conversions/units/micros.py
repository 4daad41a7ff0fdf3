"""Micros: amounts in whole millionths -> the text of an answer, or the product with a factor. Pure."""

from tracker.collection.money import MICROS as MICROS


def times(amount: int, factor: int | None) -> int:
    """Multiply an amount by a factor in micros, exactly, and round to the nearest micro, halves away from zero.

    Opposite amounts give opposite products, and therefore a full refund leaves nothing. Without a factor (None) the
    amount stays as it is.
    """
    if factor is None:
        return amount
    size = (2 * abs(amount * factor) + MICROS) // (2 * MICROS)
    return -size if amount * factor < 0 else size


def six_places(micros: int) -> str:
    """Write conversions or money as a decimal with exactly six places."""
    whole, part = divmod(abs(micros), MICROS)
    return f"{'-' if micros < 0 else ''}{whole}.{part:06d}"


def plain_number(micros: int) -> str:
    """Write an amount for people, without trailing zeros."""
    return six_places(micros).rstrip("0").rstrip(".")
