"""The present configuration of one site, as the pure functions read it."""

import msgspec

from conversions.rules.ads import Ad
from conversions.rules.goals import Goal
from conversions.rules.rates import Rate, Series
from conversions.rules.terms import Terms
from conversions.rules.traffic import Traffic
from conversions.units.clock import day_of


class SiteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A site with its goals (retired ones too) and its ads, in the order in which ads are tried."""

    key: str
    timezone: str = "UTC"
    currency: str = "USD"
    #: Signs what `/click` hands to landing pages; empty: nothing is believed.
    click_secret: str = ""
    #: What its models go by.
    terms: Terms = Terms()
    #: Which hits it sets aside.
    traffic: Traffic = Traffic()
    #: What the other currencies that its money came in are worth in its own.
    rates: tuple[Series, ...] = ()
    goals: tuple[Goal, ...] = ()
    ads: tuple[Ad, ...] = ()

    def rate(self, currency: str, at: int) -> Rate | None:
        """What a currency is worth in the site's on the site-local day of an instant, None if that is not known."""
        series = next((series for series in self.rates if series.currency == currency), None)
        return series.on(day_of(at, self.timezone)) if series else None

    def goal(self, uid: str) -> Goal | None:
        """The goal of a uid."""
        return next((goal for goal in self.goals if goal.uid == uid), None)
