"""Reports in tests: a shop whose hits have dates, and its report."""

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
    """An instant (ISO 8601 with an offset) in ms."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


class DatedShop(Shop):
    """A shop whose hits are given by date. It has the goals `purchase` and `signup`, and a token that reads reports."""

    CAMPAIGN, AD = "sale", "summer"

    def __init__(self, store: Store, timezone: str = "UTC", currency: str = "EUR") -> None:
        super().__init__(store, timezone, currency)
        Goal.objects.create(site=self.site, key="signup", event="signup", click_window_days=3)
        _, self.secret = Token.issue(self.account, "report")

    def hit(self, type_: str, instant: str | int, visitor: str = "ann", **more: Any) -> Hit:  # type: ignore[override]
        """A hit of the site. The instant is ISO 8601 or ms."""
        at = ms(instant) if isinstance(instant, str) else instant
        fields = {"id": f"h{next(numbers)}", "site": self.key, "visitor": visitor, **more}
        return Hit(type=type_, at=at, received=at, **fields)  # type: ignore[arg-type]

    def click(self, instant: str | int, ad: str = AD, **more: Any) -> Hit:  # type: ignore[override]
        """A click on an ad."""
        return self.hit("click", instant, ad=ad, **more)

    def sale(self, instant: str, euros: int = 10, **more: Any) -> Hit:  # type: ignore[override]
        """A purchase."""
        return self.hit("conversion", instant, name="purchase", value=euros * 1_000_000, **more)

    def report(self, first: str, last: str, now: str = "2027-01-31T00:00Z", **parameters: str) -> dict[str, Any]:
        """The report of some days."""
        query = settle_spend(read_query({"from": first, "to": last, **parameters}, self.config()), self.config())
        return plain_answer(answer(self.store, query, self.config(), ms(now)), query)

    def credited(self, day: str) -> list[tuple[str, str]]:
        """A day's conversions by ad, then the unattributed ones."""
        report = self.report(day, day)
        rows = [(row["ad"], row["conversions"]) for row in report["rows"] if row["conversions"] != "0.000000"]
        return [*rows, ("", report["unattributed"]["conversions"])]

    def receive_one_by_one(self, hits: Iterable[Hit]) -> None:
        """Rolls up after each hit. Therefore late hits must change existing figures."""
        for hit in hits:
            self.receive(hit)

    def rows(self, first: str, last: str, *columns: str, **parameters: str) -> list[tuple[Any, ...]]:
        """Some columns of a report's rows."""
        return [tuple(row[column] for column in columns) for row in self.report(first, last, **parameters)["rows"]]


def marker_came_through(instants: Sequence[str]) -> None:
    """Records that markers made at these instants were processed."""
    for instant in instants:
        Marker.reach(ms(instant))
