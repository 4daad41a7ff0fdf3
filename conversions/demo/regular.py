"""Regular: the orders of an office that buys coffee each Tuesday. The office returns the empty cans, and gets a deposit
back."""

from datetime import date

from conversions.demo.dice import dice
from conversions.demo.market import MARKET
from conversions.demo.people import Visit

TUESDAY = 1
PERSON = "office"
#: The ads that lead to the orders: a different one each week, in turn.
ADS = [ad for ad in MARKET if ad.key in ("search-name", "shopping-beans", "coffee-blog")]
ORDER = ("beans-1kg",) * 5


def order_of_week(seed: int, day: date) -> Visit | None:
    """Return the visit with the office's order on a Tuesday. None on other days."""
    if day.weekday() != TUESDAY:
        return None
    rng = dice(seed, day, PERSON)
    week = day.toordinal() // 7
    ms = 9 * 3_600_000 + rng.randrange(2 * 3_600_000)
    return Visit(PERSON, week, day, ms, ADS[week % len(ADS)], 0, ORDER, known=True)
