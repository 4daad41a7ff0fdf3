"""Query: the parameters of a report -> what to report, checked; or BadQuery, with a code for the client. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeVar

import msgspec

from conversions.attribution.credit import MODELS
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, days_between, next_day

Basis = Literal["conversion", "click"]
Form = Literal["json", "csv"]
Choice = TypeVar("Choice", bound=str)

KEYS = ("ad", "campaign", "goal", "day", "hour")
BASES: tuple[Basis, ...] = ("conversion", "click")
FORMS: tuple[Form, ...] = ("json", "csv")
#: A leap year and the days around it.
MAX_DAYS = 400
EARLIEST, LATEST = "2000-01-01", "2999-12-31"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class BadQuery(ValueError):
    """A parameter can't be used. `code` and `status` are those of docs/errors.md, `field` is the parameter's name."""

    def __init__(self, code: str, field: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.field = field
        self.detail = detail
        self.status = status


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to report: site-local days, both inclusive; `goal` is the uid of the only goal to report, None for all."""

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
        """The days of the conversions that may credit these days' touches."""
        if self.basis == "conversion":
            return self.days()
        # Windows are days of 24 hours, the site's may be shorter: so one more.
        return days_between(self.first, next_day(self.last, -(-longest_window(site) // DAY_MS) + 1))


def longest_window(site: SiteConfig) -> int:
    """How long (ms) after a touch a conversion may still credit it, by any version of any goal of the site."""
    versions = [version for goal in site.goals for version in goal.versions]
    return max((max(version.click_window, version.view_window) for version in versions), default=0)


def read_query(parameters: Mapping[str, str], site: SiteConfig) -> Query:
    """The query of a report's parameters; an empty optional one is an absent one. Raises BadQuery."""
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
    """The first and the last day. Raises BadQuery."""
    first, last = (_read_day(parameters, field) for field in ("from", "to"))
    if last < first:
        raise BadQuery("bad_range", "to", "The last day (to) lies before the first (from).")
    if len(days_between(first, last)) > MAX_DAYS:
        raise BadQuery("range_too_long", "to", f"A report covers at most {MAX_DAYS} days.")
    return first, last


def _read_day(parameters: Mapping[str, str], field: str) -> str:
    day = parameters.get(field) or ""
    try:
        if _DAY.fullmatch(day) and date.fromisoformat(day) and EARLIEST <= day <= LATEST:
            return day
    except ValueError:
        pass
    raise BadQuery("bad_day", field, f"{field} must be a day of the site's calendar, such as 2026-11-23.")


def read_by(text: str, basis: Basis) -> tuple[str, ...]:
    """The keys of the rows, in the order given. Raises BadQuery."""
    keys = tuple(key.strip() for key in text.split(",", len(KEYS)))
    if not set(keys) <= set(KEYS) or len(set(keys)) < len(keys):
        raise BadQuery("bad_by", "by", f"by is a comma list of {', '.join(KEYS)}, each at most once.")
    if "hour" in keys and basis == "click":
        raise BadQuery("bad_by", "by", "With basis=click credit is on the touch's day: by=hour can't be told.")
    return keys


def read_goal(key: str, site: SiteConfig) -> str | None:
    """The uid of the goal of a key, None for no key. Raises BadQuery."""
    if not key:
        return None
    for goal in site.goals:
        if goal.key == key:
            return goal.uid
    raise BadQuery("unknown_goal", "goal", "The site has no goal of this key.", status=404)


def read_month(parameters: Mapping[str, str]) -> str:
    """The month `YYYY-MM`. Raises BadQuery."""
    month = parameters.get("month") or ""
    if _MONTH.fullmatch(month) and EARLIEST <= f"{month}-01" <= LATEST:
        return month
    raise BadQuery("bad_month", "month", "month must be a month of the site's calendar, such as 2026-10.")


def read_fit_query(parameters: Mapping[str, str], site: SiteConfig) -> tuple[str, str]:
    """The uid of the goal, and the month, whose fit is asked for. Raises BadQuery."""
    goal = read_goal(parameters.get("goal") or "", site)
    if goal is None:
        raise BadQuery("missing_goal", "goal", "Name the goal by its key.")
    return goal, read_month(parameters)


def _one_of(parameters: Mapping[str, str], field: str, choices: tuple[Choice, ...]) -> Choice:
    given = parameters.get(field) or choices[0]
    for choice in choices:
        if choice == given:
            return choice
    raise BadQuery(f"bad_{field}", field, f"{field} must be one of {', '.join(dict.fromkeys(choices))}.")
