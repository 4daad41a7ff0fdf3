"""Query: the parameters of a report -> a checked query, or a Refusal. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, runtime_checkable

import msgspec

from conversions.attribution.credit import MODELS
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, days_between, next_day
from reporting.report.filters import FILTERS, Filter, goal_uid, read_filters
from tracker.collection.refusal import Refusal

Basis = Literal["conversion", "click"]
Form = Literal["json", "csv", "spreadsheet"]
Choice = TypeVar("Choice", bound=str)

#: The keys of rows that belong to an ad. What is unattributed has none of them.
AD_KEYS = ("ad", "campaign", "source", "medium", "network")
KEYS = (*AD_KEYS, "goal", "day", "week", "month", "hour")
BASES: tuple[Basis, ...] = ("conversion", "click")
FORMS: tuple[Form, ...] = ("json", "csv", "spreadsheet")
#: All parameters of a report.
PARAMETERS = (
    *("site", "from", "to", "model", "models", "by", "basis", "format"),
    *(name for key in FILTERS for name in (key, f"{key}!")),
)
#: A report has at most this many days: a leap year and some days around it.
MAX_DAYS = 400
EARLIEST, LATEST = "2000-01-01", "2999-12-31"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@runtime_checkable
class MultiValues(Protocol):
    """Parameters of which one may have several values, such as those of an address."""

    def getlist(self, key: str) -> list[str]:
        """All values of a parameter."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to report. The days are site-local and inclusive. `filters`: key -> what it may be; the values of `goal` are
    uids. `models`: those that are shown side by side; empty if `model` is the only one."""

    first: str
    last: str
    model: str = "last"
    models: tuple[str, ...] = ()
    by: tuple[str, ...] = ("ad",)
    filters: Mapping[str, Filter] = MappingProxyType({})
    basis: Basis = "conversion"
    form: Form = "json"

    def __contains__(self, day: str) -> bool:
        return self.first <= day <= self.last

    def all_models(self) -> tuple[str, ...]:
        """The models to read: `model`, those beside it, and `last`, from which these differ."""
        return tuple(dict.fromkeys((self.model, *self.models, *(("last",) if self.models else ()))))

    def column_of(self, model: str) -> int:
        """The place of a model's conversions in a sum. The money follows them."""
        return 2 + 2 * self.all_models().index(model)

    def empty_sum(self) -> list[int]:
        """A sum of nothing: clicks, views, and two amounts of each model."""
        return [0] * (2 + 2 * len(self.all_models()))

    def takes_goal(self, uid: str) -> bool:
        """Whether the report has the conversions of a goal."""
        kept = self.filters.get("goal")
        return kept is None or kept.takes(uid)

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
    """Read and check a report's parameters. An empty optional parameter counts as absent. A parameter that may be
    repeated is read from all its values, if `parameters` has them (`getlist`). Raises Refusal."""
    check_names(parameters)
    first, last = read_days(parameters)
    models = read_models(parameters)
    basis: Basis = _one_of(parameters, "basis", BASES)
    return Query(
        first=first,
        last=last,
        model=models[0] if models else _one_of(parameters, "model", ("last", *MODELS)),
        models=models,
        by=read_by(parameters.get("by") or "ad", basis),
        filters=read_filters(lambda name: values_of(parameters, name), site),
        basis=basis,
        form=_one_of(parameters, "format", FORMS),
    )


def check_names(parameters: Mapping[str, str]) -> None:
    """Refuse a parameter that reports don't have. A misspelt filter would otherwise give the figures of everything."""
    for name in parameters:
        if name not in PARAMETERS:
            detail = f"A report has the parameters {', '.join(PARAMETERS)}."
            raise Refusal(400, "unknown_parameter", detail, name[:100])


def values_of(parameters: Mapping[str, str], name: str) -> list[str]:
    """All values of a parameter."""
    if isinstance(parameters, MultiValues):
        return parameters.getlist(name)
    return [parameters[name]] if name in parameters else []


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


def read_models(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Read the models that are shown side by side, the first one being the report's own. Raises Refusal."""
    text = parameters.get("models") or ""
    models = tuple(name.strip() for name in text.split(",", len(MODELS))) if text else ()
    if not set(models) <= set(MODELS) or len(set(models)) < len(models):
        detail = f"models is a comma-separated list of {', '.join(MODELS)}, each at most once."
        raise Refusal(400, "bad_models", detail, "models")
    if models and parameters.get("model") not in (None, "", models[0]):
        raise Refusal(400, "bad_models", "The first of models is the report's model; leave model out.", "models")
    return models


def read_month(parameters: Mapping[str, str]) -> str:
    """Read a month `YYYY-MM`. Raises Refusal."""
    month = parameters.get("month") or ""
    if _MONTH.fullmatch(month) and EARLIEST <= f"{month}-01" <= LATEST:
        return month
    raise Refusal(400, "bad_month", "month must be a month of the site's calendar, such as 2026-10.", "month")


def read_fit_query(parameters: Mapping[str, str], site: SiteConfig) -> tuple[str, str]:
    """Return the goal's uid and the month of the wanted fit. Raises Refusal."""
    key = parameters.get("goal") or ""
    if not key:
        raise Refusal(400, "missing_goal", "Name the goal by its key.", "goal")
    goal = goal_uid(key, site)
    return goal, read_month(parameters)


def _one_of(parameters: Mapping[str, str], field: str, choices: tuple[Choice, ...]) -> Choice:
    given = parameters.get(field) or choices[0]
    for choice in choices:
        if choice == given:
            return choice
    raise Refusal(400, f"bad_{field}", f"{field} must be one of {', '.join(dict.fromkeys(choices))}.", field)
