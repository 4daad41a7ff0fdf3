"""The present configuration of one site, as the pure functions read it."""

import msgspec

from conversions.credit import Terms
from conversions.goals import Goal
from conversions.touch import Ad
from conversions.traffic import Traffic


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
    goals: tuple[Goal, ...] = ()
    ads: tuple[Ad, ...] = ()

    def goal(self, uid: str) -> Goal | None:
        """The goal of a uid."""
        return next((goal for goal in self.goals if goal.uid == uid), None)
