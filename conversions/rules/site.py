"""Site: the present configuration of one site, as the pure functions read it. Pure."""

import msgspec

from conversions.rules.ads import Ad
from conversions.rules.goals import Goal
from conversions.rules.rates import Rate, Series
from conversions.rules.terms import Terms
from conversions.rules.traffic import Traffic
from conversions.units.clock import day_of


class SiteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A site with its goals, retired ones included, and its ads in the order in which they are tried."""

    key: str
    timezone: str = "UTC"
    currency: str = "USD"
    #: The key that signs what `/click` hands to landing pages. With an empty key no handover is believed.
    click_secret: str = ""
    #: The parameters of its models.
    terms: Terms = Terms()
    #: Which hits it rejects.
    traffic: Traffic = Traffic()
    #: The rates of the other currencies in which it had money.
    rates: tuple[Series, ...] = ()
    goals: tuple[Goal, ...] = ()
    ads: tuple[Ad, ...] = ()

    def rate(self, currency: str, at: int) -> Rate | None:
        """The rate of a currency on the site-local day of an instant; None if it is not known."""
        series = next((series for series in self.rates if series.currency == currency), None)
        return series.on(day_of(at, self.timezone)) if series else None

    def goal(self, uid: str) -> Goal | None:
        """The goal with a uid; None if there is none."""
        return next((goal for goal in self.goals if goal.uid == uid), None)
