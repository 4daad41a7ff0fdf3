"""Counts: the increments of live counters, such as one more click of an ad. Pure."""

import msgspec

#: The largest increment. Counters have 64 bits, and a hit may send any value.
MAX_COUNT = 10**17


class Count(msgspec.Struct, frozen=True):
    """An increment of a live counter. `amount` is at most MAX_COUNT in size and may be negative.

    `metric`: `hits`, `clicks`, `views`, `conversions` or `value` (micros).
    """

    site: str
    bucket: int
    goal: str
    ad: str
    metric: str
    amount: int
