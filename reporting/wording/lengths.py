"""Lengths: how long before or after another instant something happened, in words. Pure."""

from datetime import datetime, timedelta

#: Units of a length of time, the largest first.
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def moment(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


def gap(at: str, of: str) -> str:
    """How long before or after another instant, in words."""
    between = moment(at) - moment(of)
    if not between:
        return "at the same moment"
    return f"{describe_length(abs(between))} {'before' if between < timedelta() else 'after'}"


def describe_length(length: timedelta) -> str:
    """A length of time by its two largest units."""
    left = int(length.total_seconds())
    parts: list[str] = []
    for seconds, unit in UNITS:
        count, left = divmod(left, seconds)
        if count and len(parts) < 2:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "less than a second"
