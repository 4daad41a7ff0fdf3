"""Shop: an account with a site, an ad and a goal, and the processing and rollup of its hits, as workers do them."""

from typing import Any
from uuid import uuid4

from conversions.configuration.loading import load_site, load_sites
from conversions.marks import marks as sequence
from conversions.marks.process import Processor
from conversions.models import Ad, Campaign, Goal
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from reporting.rollup import Roller
from tracker.collection.hit import Hit, batch_id
from tracker.models import Account, Site

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: 2026-11-20, noon (UTC).
NOON = 1_795_176_000_000
#: The value of a sale, in micros.
PRICE = 29_900_000
BATCH = batch_id(NOON, "abc")


class Shop:
    """A site with an account of its own. The times of its hits (`at`) are ms after NOON."""

    CAMPAIGN, AD = "autumn", "demo-ad"

    def __init__(self, store: Store, timezone: str = "UTC", currency: str = "USD", **goal: Any) -> None:
        self.store = store
        name = uuid4().hex
        self.account = Account.objects.create(name=name)
        self.site = Site.objects.create(
            account=self.account, name="Shop", key=name, timezone=timezone, currency=currency
        )
        self.campaign = Campaign.objects.create(site=self.site, key=self.CAMPAIGN)
        self.ad = Ad.objects.create(campaign=self.campaign, key=self.AD)
        self.goal = Goal.objects.create(site=self.site, key="purchase", event="purchase", **goal)

    @property
    def key(self) -> str:
        """The site's public key."""
        return str(self.site.key)

    def config(self) -> SiteConfig:
        """Load the site's present configuration."""
        found = load_site(self.key)
        assert found is not None
        return found

    def hit(self, type: str, id: str, at: int = 0, visitor: str = "ann", **more: Any) -> Hit:
        """Make a hit of the site."""
        return Hit(site=self.key, type=type, id=id, at=NOON + at, received=NOON + at, visitor=visitor, **more)  # type: ignore[arg-type]

    def click(self, id: str, at: int = 0, **more: Any) -> Hit:
        """Make a click on the shop's ad, or on another."""
        return self.hit("click", id, at, **{"ad": self.AD, **more})

    def sale(self, id: str, at: int = 0, value: int | None = PRICE, **more: Any) -> Hit:
        """Make a purchase."""
        return self.hit("conversion", id, at, name="purchase", value=value, **more)

    def adjust(self, id: str, kind: str, order: str, at: int = 0, value: int | None = None, **more: Any) -> Hit:
        """Make an adjustment (refund, retraction or restatement) of an order."""
        return self.hit("adjustment", id, at, kind=kind, order=order, value=value, **more)

    def process(self, *hits: Hit, batch: str = BATCH, frozen_before: int = 0) -> None:
        """Process hits as one batch, as a worker does, and add the live counts."""
        work = Processor(self.store, sequence, load_site, lambda: frozen_before, 1_000)
        self.store.add_counts(work.process(hits, batch))

    def roll_up(self) -> None:
        """Roll up all marked hours, as a worker does."""
        roller = Roller(self.store, sequence, load_sites, lambda: 0)
        roller.roll_up(*roller.marked(self.key))
        roller.roll_up(*roller.sums(self.key))

    def receive(self, *hits: Hit) -> None:
        """Process hits, then roll up."""
        self.process(*hits)
        self.roll_up()
