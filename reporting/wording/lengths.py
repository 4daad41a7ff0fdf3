"""Lengths: writes the time between two instants in words, such as "2 days 3 hours before". Pure."""

from datetime import datetime, timedelta

#: Units of time, the largest first.
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def read_moment(text: str) -> datetime:
    """Convert an ISO 8601 text to a datetime."""
    return datetime.fromisoformat(text)


def gap(at: str, of: str) -> str:
    """Say how long the instant `at` is before or after the instant `of`: "2 days 3 hours before". Both are ISO 8601
    texts."""
    between = read_moment(at) - read_moment(of)
    if not between:
        return "at the same moment"
    return f"{describe_length(abs(between))} {'before' if between < timedelta() else 'after'}"


def describe_length(length: timedelta) -> str:
    """Write a duration in its two largest units: "2 days 3 hours"."""
    left = int(length.total_seconds())
    parts: list[str] = []
    for seconds, unit in UNITS:
        count, left = divmod(left, seconds)
        if count and len(parts) < 2:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "less than a second"
