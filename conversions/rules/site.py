"""Site: the configuration of one site as a frozen record. Pure."""

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
    """The configuration of a site. `goals`: all goals, also those that are switched off. `ads`: in the order in which
    their rules are tried."""

    key: str
    timezone: str = "UTC"
    currency: str = "USD"
    #: The secret with which `/click` signs the click in the landing page's URL. If it is empty, no signature is valid.
    click_secret: str = ""
    #: The parameters of the attribution models.
    terms: Terms = Terms()
    #: Which hits the site rejects.
    traffic: Traffic = Traffic()
    #: The exchange rates of the foreign currencies that the site's hits have used.
    rates: tuple[Series, ...] = ()
    #: How many parts the site's hours have.
    parts: Parts = Parts()
    goals: tuple[Goal, ...] = ()
    ads: tuple[Ad, ...] = ()
    #: The site's own rows of the channel table.
    channels: tuple[ChannelRule, ...] = ()

    def rate(self, currency: str, at: int) -> Rate | None:
        """Return the exchange rate of a currency on the site-local day of the instant `at` (ms). None if no rate is
        known."""
        series = next((series for series in self.rates if series.currency == currency), None)
        return series.on(day_of(at, self.timezone)) if series else None

    def goal(self, uid: str) -> Goal | None:
        """Return the goal with this uid; None if there is none."""
        return next((goal for goal in self.goals if goal.uid == uid), None)
