"""People: generates the visitors of the shop. Each person has a first day, and perhaps later visits."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from conversions.demo.dice import dice
from conversions.demo.market import DIRECT, MARKET, DemoAd
from conversions.demo.seasons import busyness, draw_minute

#: How many new people come on a usual day.
NEW_A_DAY = 12.0
#: The chances that a person comes back: after a visit without a purchase, and after a purchase.
COMES_BACK, BUYS_AGAIN = 0.52, 0.5
#: The mean number of days until a person comes back: after a visit without a purchase, and after a purchase.
DAYS_BETWEEN, DAYS_BETWEEN_ORDERS = 3.0, 34.0
#: The chances that a purchase is on the second device, that a buyer signs up before the first purchase, and that an
#: order is made by phone.
OTHER_DEVICE, SIGNS_UP, BY_PHONE = 0.25, 0.3, 0.06
MOST_VISITS = 16
#: Product -> (price in cents, how often it is bought, as a weight).
PRODUCTS = {
    "beans-250g": (990, 30),
    "beans-1kg": (2_790, 40),
    "gift-box": (4_900, 14),
    "grinder": (12_900, 7),
    "espresso-machine": (44_900, 1.6),
}


class Visit(NamedTuple):
    """A visit of a person. `number`: the number of the visit. `day`, `ms`: the time of the visit by the shop's clock,
    as a day and ms after midnight. `ad`: the ad that led to the visit. `device`: which of the person's two devices, 0
    or 1. `products`: what was bought. `phoned`: whether the order was made by phone."""

    person: str
    number: int
    day: date
    ms: int
    ad: DemoAd
    device: int
    products: tuple[str, ...] = ()
    signs_up: bool = False
    phoned: bool = False
    #: Whether the shop knows the person, because of a purchase in this visit or before.
    known: bool = False


def visits_of_day(seed: int, day: date) -> Iterator[Visit]:
    """Generate all visits of the people whose first visit is on this day. Their later visits may be long after this
    day."""
    rng = dice(seed, day)
    mean = NEW_A_DAY * busyness(day)
    for number in range(max(round(rng.gauss(mean, mean**0.5)), 0)):
        yield from life(dice(seed, day, number), f"{day:%y%m%d}-{number}", day)


def life(rng: Random, person: str, day: date) -> Iterator[Visit]:
    """Generate all visits of one person. `day`: the day of the first visit."""
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
    """Return the chance that a visit ends in a purchase. The chance is lower at the first visit, and higher for people
    who bought before."""
    return ad.closes * (0.6 if number == 0 else 1.3) * (1.3 if bought else 1)


def draw_ad(rng: Random, day: date, is_first: bool) -> DemoAd:
    """Choose the ad that leads a person to the shop on a day, or DIRECT."""
    ads = [DIRECT, *(ad for ad in MARKET if runs_on(ad, day))]
    return rng.choices(ads, [weight_of(ad, is_first) for ad in ads])[0]


def runs_on(ad: DemoAd, day: date) -> bool:
    """Whether an ad is shown on a day."""
    return day.month in ad.months and day.weekday() in ad.weekdays


def weight_of(ad: DemoAd, is_first: bool) -> float:
    """Return how often an ad brings people on a day, as a weight to compare with other ads. An ad that is shown on few
    days of the week brings more people on each of these days."""
    return (ad.meets if is_first else ad.returns) * 7 / len(ad.weekdays)


def draw_products(rng: Random, day: date) -> tuple[str, ...]:
    """Choose what is bought: one to three products. Before Christmas, gifts are bought more often."""
    weights = [often * (3 if name == "gift-box" and day.month == 12 else 1) for name, (_, often) in PRODUCTS.items()]
    return tuple(rng.choices(list(PRODUCTS), weights, k=rng.choices((1, 2, 3), (60, 30, 10))[0]))


def draw_next(rng: Random, day: date, ms: int, bought: bool) -> tuple[date, int]:
    """Choose the time of the next visit, as a day and ms after midnight. Some people come again on the same day."""
    later = ms + rng.randrange(600_000, 3 * 3_600_000)
    if not bought and rng.random() < 0.25 and later < 86_400_000:
        return day, later
    day += timedelta(days=1 + int(rng.expovariate(1 / (DAYS_BETWEEN_ORDERS if bought else DAYS_BETWEEN))))
    return day, draw_minute(rng, day)


def price_of(products: Sequence[str]) -> int:
    """Return the price of an order, in cents. An order below 50.00 costs 4.90 more for the parcel."""
    price = sum(PRODUCTS[name][0] for name in products)
    return price if price >= 5_000 else price + 490
