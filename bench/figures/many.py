"""Many: thousands of small sites, and the rollup of all of them."""

from collections.abc import Sequence

from django.db import transaction

from conversions.configuration.loading import load_site
from conversions.marks import marks as sequence
from conversions.marks.process import Processor
from conversions.models import Goal, Mark
from conversions.store.adapters import open_store
from conversions.units.clock import HOUR_MS
from conversions.units.now import now_ms
from reporting.tasks import roll_up
from tracker.collection.hit import Hit
from tracker.models import Account, Site


class ManySites:
    """A number of sites, each with one goal."""

    def __init__(self, number: int) -> None:
        self.keys = [f"small-site-{n}" for n in range(number)]
        self._sent = 0
        account = Account.objects.create(name="many")
        with transaction.atomic():
            for key in self.keys:
                site = Site.objects.create(account=account, name=key, key=key)
                Goal.objects.create(site=site, key="purchase", event="purchase")

    def send(self, keys: Sequence[str], each: int) -> None:
        """Process `each` hits of each site, in a past hour."""
        self._sent += 1
        at = now_ms() // HOUR_MS * HOUR_MS - 2 * HOUR_MS
        worker = Processor(open_store(), sequence, load_site, lambda: 0, 1_000)
        for key in keys:
            worker.process([hit(key, f"{self._sent}-{n}", at + n) for n in range(each)], "many")

    def tick(self) -> None:
        """Roll up all sites, as a worker does each minute."""
        roll_up()

    def left(self) -> int:
        """Return how many marks are still open."""
        return Mark.objects.filter(site__in=self.keys, marked=True).count()


def hit(site: str, name: str, at: int) -> Hit:
    """Make a click. If the name ends with 4, make a sale."""
    own = {"type": "conversion", "name": "purchase"} if name.endswith("4") else {"type": "click", "ad": "an-ad"}
    return Hit(id=name, site=site, at=at, received=at, visitor="one", **own)  # type: ignore[arg-type]
