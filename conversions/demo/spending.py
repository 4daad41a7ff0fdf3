"""Spending: generates what each ad of the shop costs on a day, as the ad's network would report it."""

from collections.abc import Iterator, Mapping
from datetime import date
from random import Random
from typing import NamedTuple

from conversions.demo.dice import dice
from conversions.demo.market import MARKET, DemoAd
from conversions.demo.people import runs_on
from conversions.rules.ads import CLICK_IDS
from conversions.spend.lines import SpendLine, SpendNames

CENT = 10_000
#: Networks count a few more clicks than come to the shop.
COUNTED_MORE = 1.06


class Spent(NamedTuple):
    """The spend of an ad on a day, as a source reports it. `line` has no currency yet."""

    source: str
    line: SpendLine


def spend_of_day(seed: int, day: date, clicks: Mapping[tuple[str, str], int]) -> Iterator[Spent]:
    """Generate what each ad that ran on a day cost. `clicks`: (day, key of the ad) -> how many visits the ad
    brought."""
    for ad in MARKET:
        came = clicks.get((day.isoformat(), ad.key), 0)
        if runs_on(ad, day) and (came or ad.a_day):
            yield Spent(source_of(ad), line_of(dice(seed, day, ad.key, "spend"), ad, day, came))


def line_of(rng: Random, ad: DemoAd, day: date, came: int) -> SpendLine:
    """Generate the spend of an ad on a day. `came`: how many visits the ad brought on this day."""
    seen_only = ad.kind == "view"
    clicks = rng.randrange(3) if seen_only else round(came * COUNTED_MORE + rng.random() * 0.6)
    cost = round((clicks * ad.a_click + ad.a_day) * rng.uniform(0.88, 1.12)) * CENT
    impressions = rng.randrange(6_000, 9_000) if seen_only else round(clicks / ad.clicked * rng.uniform(0.8, 1.2))
    return SpendLine(day.isoformat(), "", names_of(ad), cost, clicks, impressions)


def names_of(ad: DemoAd) -> SpendNames:
    """Return the names by which spend is found to belong to this ad: utm tags and network, or the ad's key."""
    if ad.kind != "page":
        return SpendNames(ad=ad.key)
    network = CLICK_IDS.get(ad.click_id, "")
    return SpendNames("", ad.source, ad.medium, ad.campaign, ad.key, "", network)


def source_of(ad: DemoAd) -> str:
    """Return the name of the source that reports an ad's spend."""
    return CLICK_IDS.get(ad.click_id) or ad.campaign
