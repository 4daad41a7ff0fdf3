"""Site: the present configuration of one site, in the form that pure functions read. Pure."""

import msgspec

from conversions.rules.ads import Ad
from conversions.rules.channels import ChannelRule
from conversions.rules.goals import Goal
from conversions.rules.parts import Parts
from conversions.rules.rates import Rate, Series
from conversions.rules.terms import Terms
from conversions.rules.traffic import Traffic
from conversions.units.clock import day_of


class SiteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A site with all its goals, also those that are switched off, and with its ads in the order in which they are
    matched."""

    key: str
    timezone: str = "UTC"
    currency: str = "USD"
    #: The key that signs the clicks that `/click` hands over. If it is empty, no handover is valid.
    click_secret: str = ""
    #: The parameters of the site's models.
    terms: Terms = Terms()
    #: Which hits the site rejects.
    traffic: Traffic = Traffic()
    #: The rates of the other currencies in which amounts of the site were sent.
    rates: tuple[Series, ...] = ()
    #: How many parts its hours have.
    parts: Parts = Parts()
    goals: tuple[Goal, ...] = ()
    ads: tuple[Ad, ...] = ()
    #: Its own rows of the table of channels.
    channels: tuple[ChannelRule, ...] = ()

    def rate(self, currency: str, at: int) -> Rate | None:
        """The rate of a currency on the site-local day of an instant; None if no rate is known."""
        series = next((series for series in self.rates if series.currency == currency), None)
        return series.on(day_of(at, self.timezone)) if series else None

    def goal(self, uid: str) -> Goal | None:
        """The goal with a uid; None if there is none."""
        return next((goal for goal in self.goals if goal.uid == uid), None)
