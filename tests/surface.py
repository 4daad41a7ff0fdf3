"""Surface: a customer who uses only what is public: `/collect`, the report API, staff's API and the commands."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

ids = count()


def days_ago(days: int) -> date:
    """Return the day some days ago. With `days` >= 2 it is over in every timezone."""
    return datetime.now(UTC).date() - timedelta(days=days)


def at(day: date, time: str = "12:00", zone: str = "UTC") -> datetime:
    """Return an instant of a day in a timezone."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


class Customer:
    """A customer with a site, an ad, a goal and tokens, all made by staff's API."""

    def __init__(self, timezone: str = "UTC", currency: str = "EUR", **goal: Any) -> None:
        user, _ = User.objects.get_or_create(username="sam", is_staff=True, is_superuser=True)
        self.staff = Client()
        self.staff.force_login(user)
        name = f"shop {uuid4().hex}"
        account = self.make("accounts", name=name)["id"]
        self.tokens = {kind: self.make("tokens", account=account, kind=kind)["secret"] for kind in ("report", "ingest")}
        self.site = self.make("sites", account=account, name=name, timezone=timezone, currency=currency)["key"]
        self.campaign = self.make("campaigns", site=self.site, key="autumn")["id"]
        self.ad("banner")
        self.goal("purchase", event="purchase", **goal)

    def make(self, what: str, **fields: Any) -> dict[str, Any]:
        """Make an object by staff's API."""
        answer = self.staff.post(f"/api/{what}", fields, content_type="application/json")
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made

    def ad(self, key: str, **fields: Any) -> dict[str, Any]:
        return self.make("ads", campaign=self.campaign, key=key, **fields)

    def goal(self, key: str, **fields: Any) -> dict[str, Any]:
        return self.make("goals", site=self.site, key=key, **fields)

    def send(self, *hits: dict[str, Any]) -> None:
        """Send hits as the shop's server. All of them must be accepted."""
        answer = Client().post("/collect", list(hits), content_type="application/json", headers=self.bearer("ingest"))
        assert answer.json() == {"accepted": len(hits), "rejected": []}

    def bearer(self, kind: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[kind]}"}

    def hit(self, type_: str, moment: datetime, visitor: str = "ann", **more: Any) -> dict[str, Any]:
        own = {"site": self.site, "type": type_, "ts": ms(moment), "visitor": visitor, "id": f"h{next(ids)}"}
        return {**own, **more}

    def click(self, moment: datetime, ad: str = "banner", **more: Any) -> dict[str, Any]:
        return self.hit("click", moment, ad=ad, **more)

    def sale(self, moment: datetime, order: str = "", value: str = "29.90", **more: Any) -> dict[str, Any]:
        return self.hit("conversion", moment, name="purchase", order=order, value=value, **more)

    def adjust(self, moment: datetime, order: str, kind: str, value: str = "", **more: Any) -> dict[str, Any]:
        given = {"value": value} if value else {}
        return self.hit("adjustment", moment, order=order, kind=kind, **given, **more)

    def report(self, first: date, last: date | None = None, **parameters: str) -> dict[str, Any]:
        """Roll everything up, and return the report."""
        call_command("rollup", site=self.site, wait=0, stdout=StringIO())
        days = {"site": self.site, "from": str(first), "to": str(last or first)}
        answer = Client().get("/api/reports/conversions", {**days, **parameters}, headers=self.bearer("report"))
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def total(self, first: date, last: date | None = None, **parameters: str) -> tuple[str, str]:
        """Return the conversions and the value of some days."""
        totals = self.report(first, last, **parameters)["totals"]
        return totals["conversions"], totals["value"]

    def credited(self, first: date, last: date | None = None, **parameters: str) -> dict[str, tuple[str, str]]:
        """Return conversions by ad; the key None has the unattributed ones, if there are any."""
        report = self.report(first, last, **parameters)
        rows = {row["ad"]: (row["conversions"], row["value"]) for row in report["rows"]}
        nobody = (report["unattributed"]["conversions"], report["unattributed"]["value"])
        return rows if nobody[0] == "0.000000" else {**rows, "(nobody)": nobody}
