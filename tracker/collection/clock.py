"""Clock: lengths of time. Pure."""

DAY_MS = 86_400_000
