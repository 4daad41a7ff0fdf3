"""Query: the parameters of a report -> a checked query, or a Refusal. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeVar

import msgspec

from conversions.attribution.credit import MODELS
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, days_between, next_day
from tracker.collection.refusal import Refusal

Basis = Literal["conversion", "click"]
Form = Literal["json", "csv", "spreadsheet"]
Choice = TypeVar("Choice", bound=str)

KEYS = ("ad", "campaign", "goal", "day", "hour")
BASES: tuple[Basis, ...] = ("conversion", "click")
FORMS: tuple[Form, ...] = ("json", "csv", "spreadsheet")
#: A report has at most this many days: a leap year and some days around it.
MAX_DAYS = 400
EARLIEST, LATEST = "2000-01-01", "2999-12-31"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to report. The days are site-local and inclusive. `goal` is the uid of the only goal; None means all
    goals."""

    first: str
    last: str
    model: str = "last"
    by: tuple[str, ...] = ("ad",)
    goal: str | None = None
    basis: Basis = "conversion"
    form: Form = "json"

    def __contains__(self, day: str) -> bool:
        return self.first <= day <= self.last

    def days(self) -> list[str]:
        """The days of clicks, views and unattributed conversions."""
        return days_between(self.first, self.last)

    def credit_days(self, site: SiteConfig) -> list[str]:
        """The days of conversions to read. With basis=click they include later days, whose conversions may credit these
        days' touches."""
        if self.basis == "conversion":
            return self.days()
        # A window's days have 24 hours. Days of the site may be shorter; therefore one more day is read.
        return days_between(self.first, next_day(self.last, -(-longest_window(site) // DAY_MS) + 1))


def longest_window(site: SiteConfig) -> int:
    """The longest time (ms) from a touch to a conversion that may credit it, by any version of any goal."""
    versions = [version for goal in site.goals for version in goal.versions]
    return max((max(version.click_window, version.view_window) for version in versions), default=0)


def read_query(parameters: Mapping[str, str], site: SiteConfig) -> Query:
    """Read and check a report's parameters. An empty optional parameter counts as absent. Raises Refusal."""
    first, last = read_days(parameters)
    basis: Basis = _one_of(parameters, "basis", BASES)
    return Query(
        first=first,
        last=last,
        model=_one_of(parameters, "model", ("last", *MODELS)),
        by=read_by(parameters.get("by") or "ad", basis),
        goal=read_goal(parameters.get("goal") or "", site),
        basis=basis,
        form=_one_of(parameters, "format", FORMS),
    )


def read_days(parameters: Mapping[str, str]) -> tuple[str, str]:
    """Read the first and the last day. Raises Refusal."""
    first, last = (_read_day(parameters, field) for field in ("from", "to"))
    if last < first:
        raise Refusal(400, "bad_range", "The last day (to) lies before the first (from).", "to")
    if len(days_between(first, last)) > MAX_DAYS:
        raise Refusal(400, "range_too_long", f"A report covers at most {MAX_DAYS} days.", "to")
    return first, last


def _read_day(parameters: Mapping[str, str], field: str) -> str:
    day = parameters.get(field) or ""
    try:
        if _DAY.fullmatch(day) and date.fromisoformat(day) and EARLIEST <= day <= LATEST:
            return day
    except ValueError:
        pass
    raise Refusal(400, "bad_day", f"{field} must be a day of the site's calendar, such as 2026-11-23.", field)


def read_by(text: str, basis: Basis) -> tuple[str, ...]:
    """Read the keys of the rows, in the order given. Raises Refusal."""
    keys = tuple(key.strip() for key in text.split(",", len(KEYS)))
    if not set(keys) <= set(KEYS) or len(set(keys)) < len(keys):
        raise Refusal(400, "bad_by", f"by is a comma-separated list of {', '.join(KEYS)}, each at most once.", "by")
    if "hour" in keys and basis == "click":
        raise Refusal(
            400, "bad_by", "With basis=click credit counts on the touch's day; by=hour is not possible.", "by"
        )
    return keys


def read_goal(key: str, site: SiteConfig) -> str | None:
    """Return the uid of the goal with a key; None for no key. Raises Refusal."""
    if not key:
        return None
    for goal in site.goals:
        if goal.key == key:
            return goal.uid
    raise Refusal(404, "unknown_goal", "The site has no goal of this key.", "goal")


def read_month(parameters: Mapping[str, str]) -> str:
    """Read a month `YYYY-MM`. Raises Refusal."""
    month = parameters.get("month") or ""
    if _MONTH.fullmatch(month) and EARLIEST <= f"{month}-01" <= LATEST:
        return month
    raise Refusal(400, "bad_month", "month must be a month of the site's calendar, such as 2026-10.", "month")


def read_fit_query(parameters: Mapping[str, str], site: SiteConfig) -> tuple[str, str]:
    """Return the goal's uid and the month of the wanted fit. Raises Refusal."""
    goal = read_goal(parameters.get("goal") or "", site)
    if goal is None:
        raise Refusal(400, "missing_goal", "Name the goal by its key.", "goal")
    return goal, read_month(parameters)


def _one_of(parameters: Mapping[str, str], field: str, choices: tuple[Choice, ...]) -> Choice:
    given = parameters.get(field) or choices[0]
    for choice in choices:
        if choice == given:
            return choice
    raise Refusal(400, f"bad_{field}", f"{field} must be one of {', '.join(dict.fromkeys(choices))}.", field)
