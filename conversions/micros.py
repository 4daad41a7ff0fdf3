"""Micros as answers show them. Pure."""

MICROS = 1_000_000


def six_places(micros: int) -> str:
    """Conversions or money as a decimal string with exactly six places."""
    whole, part = divmod(abs(micros), MICROS)
    return f"{'-' if micros < 0 else ''}{whole}.{part:06d}"
