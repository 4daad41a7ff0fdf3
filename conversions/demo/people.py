"""People: a day and a seed -> the people who come on it for the first time, each with all visits of their lives."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from conversions.demo.dice import dice
from conversions.demo.market import DIRECT, MARKET, DemoAd
from conversions.demo.seasons import busyness, draw_minute

#: New people of a usual day.
NEW_A_DAY = 12.0
#: The chance that somebody who didn't buy comes back, and that a buyer does; the mean days until then.
COMES_BACK, BUYS_AGAIN = 0.52, 0.5
DAYS_BETWEEN, DAYS_BETWEEN_ORDERS = 3.0, 34.0
#: The chance that a visit with a purchase is on another device than the first one; that a buyer signs up first; and
#: that an order is made by phone.
OTHER_DEVICE, SIGNS_UP, BY_PHONE = 0.25, 0.3, 0.06
MOST_VISITS = 16
#: Product -> its price in cents, and how many times as often as a machine it is bought.
PRODUCTS = {
    "beans-250g": (990, 30),
    "beans-1kg": (2_790, 40),
    "gift-box": (4_900, 14),
    "grinder": (12_900, 7),
    "espresso-machine": (44_900, 1.6),
}


class Visit(NamedTuple):
    """A visit of a person, at an instant of the shop's own clock: a day, and ms after midnight. `ad`: what led there.
    `device`: 0, or 1 for the second one. `products`: what was bought. `phoned`: whether the order came by phone."""

    person: str
    number: int
    day: date
    ms: int
    ad: DemoAd
    device: int
    products: tuple[str, ...] = ()
    signs_up: bool = False
    phoned: bool = False
    #: Whether the person is known by then, as a buyer with an account.
    known: bool = False


def visits_of_day(seed: int, day: date) -> Iterator[Visit]:
    """All visits of the people who come on this day for the first time. They may be long after it."""
    rng = dice(seed, day)
    mean = NEW_A_DAY * busyness(day)
    for number in range(max(round(rng.gauss(mean, mean**0.5)), 0)):
        yield from life(dice(seed, day, number), f"{day:%y%m%d}-{number}", day)


def life(rng: Random, person: str, day: date) -> Iterator[Visit]:
    """The visits of one person, the first one on this day."""
    ms, bought, device = draw_minute(rng, day), False, 0
    for number in range(MOST_VISITS):
        ad = draw_ad(rng, day, number == 0)
        products = draw_products(rng, day) if rng.random() < chance_of(ad, number, bought) else ()
        device = int(rng.random() < OTHER_DEVICE) if products else device
        phoned = bool(products) and bought and rng.random() < BY_PHONE
        signs_up = bool(products) and not bought and rng.random() < SIGNS_UP
        yield Visit(person, number, day, ms, ad, device, products, signs_up, phoned, bought or bool(products))
        bought = bought or bool(products)
        if rng.random() > (BUYS_AGAIN if products else COMES_BACK):
            return
        day, ms = draw_next(rng, day, ms, bool(products))


def chance_of(ad: DemoAd, number: int, bought: bool) -> float:
    """The chance that a visit ends in a purchase. It is smaller at the first visit, and greater for known buyers."""
    return ad.closes * (0.6 if number == 0 else 1.3) * (1.3 if bought else 1)


def draw_ad(rng: Random, day: date, is_first: bool) -> DemoAd:
    """Draw what leads somebody to the shop on a day: an ad, or none."""
    ads = [DIRECT, *(ad for ad in MARKET if runs_on(ad, day))]
    return rng.choices(ads, [weight_of(ad, is_first) for ad in ads])[0]


def runs_on(ad: DemoAd, day: date) -> bool:
    """Whether an ad is shown on a day."""
    return day.month in ad.months and day.weekday() in ad.weekdays


def weight_of(ad: DemoAd, is_first: bool) -> float:
    """How often people come by an ad. One that is shown on one day of the week has all of its people on that day."""
    return (ad.meets if is_first else ad.returns) * 7 / len(ad.weekdays)


def draw_products(rng: Random, day: date) -> tuple[str, ...]:
    """Draw what is bought: one to three products, more gifts before Christmas."""
    weights = [often * (3 if name == "gift-box" and day.month == 12 else 1) for name, (_, often) in PRODUCTS.items()]
    return tuple(rng.choices(list(PRODUCTS), weights, k=rng.choices((1, 2, 3), (60, 30, 10))[0]))


def draw_next(rng: Random, day: date, ms: int, bought: bool) -> tuple[date, int]:
    """Draw the day and the ms of the next visit. Some come again on the same day."""
    later = ms + rng.randrange(600_000, 3 * 3_600_000)
    if not bought and rng.random() < 0.25 and later < 86_400_000:
        return day, later
    day += timedelta(days=1 + int(rng.expovariate(1 / (DAYS_BETWEEN_ORDERS if bought else DAYS_BETWEEN))))
    return day, draw_minute(rng, day)


def price_of(products: Sequence[str]) -> int:
    """What products cost, in cents, with 4.90 for the parcel below 50.00."""
    price = sum(PRODUCTS[name][0] for name in products)
    return price if price >= 5_000 else price + 490
