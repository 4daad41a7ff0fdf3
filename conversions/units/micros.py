"""Micros: arithmetic with amounts in millionths, and amounts as text. Pure."""

from tracker.collection.money import MICROS as MICROS


def multiply(amount: int, factor: int | None) -> int:
    """Multiply an amount (micros) by a factor (micros): 2000000 by 1500000 gives 3000000, because 2 * 1.5 = 3. The
    result is rounded to the nearest micro, halves away from zero.

    Opposite amounts have opposite products. Therefore a full refund leaves exactly 0. If the factor is None, the amount
    is returned unchanged.
    """
    if factor is None:
        return amount
    size = (2 * abs(amount * factor) + MICROS) // (2 * MICROS)
    return -size if amount * factor < 0 else size


def six_places(micros: int) -> str:
    """Write an amount (micros) as a decimal with exactly six places: 1500000 becomes `1.500000`."""
    whole, part = divmod(abs(micros), MICROS)
    return f"{'-' if micros < 0 else ''}{whole}.{part:06d}"


def plain_number(micros: int) -> str:
    """Write an amount (micros) without trailing zeros: 1500000 becomes `1.5`."""
    return six_places(micros).rstrip("0").rstrip(".")
