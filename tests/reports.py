"""The shop of the tests of reports: an account with a site, hits that are processed and rolled up, and its token."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import uuid4

from conversions.configuration.loading import load_site, load_sites
from conversions.marks import marks as sequence
from conversions.marks.process import Processor
from conversions.models import Ad, Campaign, Goal, Marker
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from reporting.report.answer import answer, plain_answer
from reporting.report.query import read_query
from reporting.rollup import Roller
from tracker.collection.hit import Hit
from tracker.models import Account, Site, Token

numbers = count()


def ms(instant: str) -> int:
    """An instant (ISO 8601 with an offset) in ms."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


class Shop:
    """One account's site with a campaign, the ad `summer` and the goals `purchase` and `signup`."""

    def __init__(self, store: Store, timezone: str = "UTC", currency: str = "EUR") -> None:
        self.store = store
        self.account = Account.objects.create(name=f"Shop {next(numbers)}")
        self.site = Site.objects.create(
            account=self.account, name="Shop", key=f"r-{uuid4().hex}", timezone=timezone, currency=currency
        )
        Goal.objects.create(site=self.site, key="purchase", event="purchase")
        Goal.objects.create(site=self.site, key="signup", event="signup", click_window_days=3)
        Ad.objects.create(campaign=Campaign.objects.create(site=self.site, key="sale"), key="summer")
        _, self.secret = Token.issue(self.account, "report")

    @property
    def config(self) -> SiteConfig:
        """The present configuration of the site."""
        found = load_site(self.site.key)
        assert found is not None
        return found

    def hit(self, type_: str, instant: str | int, visitor: str = "ann", **more: Any) -> Hit:
        """A hit of the site. The instant is ISO 8601 or ms."""
        at = ms(instant) if isinstance(instant, str) else instant
        fields = {"id": f"h{next(numbers)}", "site": self.site.key, "visitor": visitor, **more}
        return Hit(type=type_, at=at, received=at, **fields)  # type: ignore[arg-type]

    def click(self, instant: str | int, ad: str = "summer", **more: Any) -> Hit:
        """A click on an ad."""
        return self.hit("click", instant, ad=ad, **more)

    def sale(self, instant: str, euros: int = 10, **more: Any) -> Hit:
        """A purchase."""
        return self.hit("conversion", instant, name="purchase", value=euros * 1_000_000, **more)

    def process(self, *hits: Hit) -> None:
        """Processes a batch as a worker does."""
        work = Processor(self.store, sequence, load_site, lambda: 0, 1000)
        self.store.add_counts(work.process(hits, "0000000000000-test"))

    def roll_up(self) -> None:
        """Rolls up as beat does."""
        roller = Roller(self.store, sequence, load_sites, lambda: 0)
        roller.roll_up(*roller.marked(self.site.key))

    def receive(self, *hits: Hit) -> None:
        """Processes hits and rolls up."""
        self.process(*hits)
        self.roll_up()

    def report(self, first: str, last: str, now: str = "2027-01-31T00:00Z", **parameters: str) -> dict[str, Any]:
        """The report of some days."""
        query = read_query({"from": first, "to": last, **parameters}, self.config)
        return plain_answer(answer(self.store, query, self.config, ms(now)), query)

    def rows(self, first: str, last: str, *columns: str, **parameters: str) -> list[tuple[Any, ...]]:
        """Some columns of a report's rows."""
        return [tuple(row[column] for column in columns) for row in self.report(first, last, **parameters)["rows"]]


def marker_came_through(instants: Sequence[str]) -> None:
    """Records that markers made at these instants were processed."""
    for instant in instants:
        Marker.reach(ms(instant))
