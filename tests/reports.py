"""Reports in tests: a shop whose hits are given by date, and its report."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from conversions.models import Goal, Marker
from conversions.store.port import Store
from reporting.report.answer import answer, plain_answer
from reporting.report.query import read_query
from reporting.report.spending import settle_spend
from tests.shop import Shop
from tracker.collection.hit import Hit
from tracker.models import Token

numbers = count()


def ms(instant: str) -> int:
    """Convert an instant (ISO 8601 with an offset) to ms."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


class DatedShop(Shop):
    """A shop with the goals `purchase` and `signup`, and a token that reads reports. Its hits are given by date."""

    CAMPAIGN, AD = "sale", "summer"

    def __init__(self, store: Store, timezone: str = "UTC", currency: str = "EUR") -> None:
        super().__init__(store, timezone, currency)
        Goal.objects.create(site=self.site, key="signup", event="signup", click_window_days=3)
        _, self.secret = Token.issue(self.account, "report")

    def hit(self, type_: str, instant: str | int, visitor: str = "ann", **more: Any) -> Hit:  # type: ignore[override]
        """Make a hit of the shop at an instant (ISO 8601 or ms)."""
        at = ms(instant) if isinstance(instant, str) else instant
        fields = {"id": f"h{next(numbers)}", "site": self.key, "visitor": visitor, **more}
        return Hit(type=type_, at=at, received=at, **fields)  # type: ignore[arg-type]

    def click(self, instant: str | int, ad: str = AD, **more: Any) -> Hit:  # type: ignore[override]
        """Make a click on the ad `summer`, or on another."""
        return self.hit("click", instant, ad=ad, **more)

    def sale(self, instant: str, euros: int = 10, **more: Any) -> Hit:  # type: ignore[override]
        """Make a purchase."""
        return self.hit("conversion", instant, name="purchase", value=euros * 1_000_000, **more)

    def report(self, first: str, last: str, now: str = "2027-01-31T00:00Z", **parameters: str) -> dict[str, Any]:
        """Return the report of these days as plain JSON types."""
        query = settle_spend(read_query({"from": first, "to": last, **parameters}, self.config()), self.config())
        return plain_answer(answer(self.store, query, self.config(), ms(now)), query)

    def credited(self, day: str) -> list[tuple[str, str]]:
        """Return a day's conversions as (ad, number); unattributed ones last, with the ad ""."""
        report = self.report(day, day)
        rows = [(row["ad"], row["conversions"]) for row in report["rows"] if row["conversions"] != "0.000000"]
        return [*rows, ("", report["unattributed"]["conversions"])]

    def receive_one_by_one(self, hits: Iterable[Hit]) -> None:
        """Process the hits one by one, with a rollup after each. Late hits must then change existing figures."""
        for hit in hits:
            self.receive(hit)

    def rows(self, first: str, last: str, *columns: str, **parameters: str) -> list[tuple[Any, ...]]:
        """Return these columns of a report's rows as tuples."""
        return [tuple(row[column] for column in columns) for row in self.report(first, last, **parameters)["rows"]]


def marker_came_through(instants: Sequence[str]) -> None:
    """Store that the markers of these instants were processed."""
    for instant in instants:
        Marker.reach(ms(instant))
