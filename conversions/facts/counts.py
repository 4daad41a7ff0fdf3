"""Counts: increments of the live counters. Pure."""

import msgspec

#: The largest increment. Counters have 64 bits, and a conversion's value comes from outside.
MAX_COUNT = 10**17


class Count(msgspec.Struct, frozen=True):
    """One increment of a live counter. `amount` is between -MAX_COUNT and MAX_COUNT.

    Metrics: `hits`, `clicks`, `views`, `conversions`, `value` (micros).
    """

    site: str
    bucket: int
    goal: str
    ad: str
    metric: str
    amount: int
