"""Query: the parameters of a report -> a checked query, or a Refusal. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, runtime_checkable

import msgspec

from conversions.attribution.credit import MODELS
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, days_between, next_day
from reporting.report.costs import COLUMNS, WIDTH
from reporting.report.filters import FILTERS, Filter, goal_uid, read_filters
from reporting.report.paging import FIGURES, SORTABLE, Page, read_page
from reporting.report.ranges import EARLIEST, LATEST, Range, read_compared, read_days
from tracker.collection.refusal import Refusal

Basis = Literal["conversion", "click"]
Form = Literal["json", "csv", "spreadsheet"]
Choice = TypeVar("Choice", bound=str)

#: The keys of rows that belong to an ad. What is unattributed has none of them.
AD_KEYS = ("ad", "campaign", "channel", "source", "medium", "network")
KEYS = (*AD_KEYS, "goal", "day", "week", "month", "hour")
BASES: tuple[Basis, ...] = ("conversion", "click")
SPEND = ("auto", "0", "1")
FORMS: tuple[Form, ...] = ("json", "csv", "spreadsheet")
#: All parameters of a report.
PARAMETERS = (
    *("site", "from", "to", "compare", "model", "models", "by", "basis", "order", "limit", "after", "spend", "format"),
    *(name for key in FILTERS for name in (key, f"{key}!")),
)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@runtime_checkable
class MultiValues(Protocol):
    """Parameters of which one may have several values, such as those of an address."""

    def getlist(self, key: str) -> list[str]:
        """All values of a parameter."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to report. The days are site-local and inclusive. `filters`: key -> what it may be; the values of `goal` are
    uids. `models`: those that are shown side by side; empty if `model` is the only one. `compared`:
    the days with which these are compared. `page`: which rows to show. `spend`: whether with what was spent;
    None if that is so where something was spent."""

    first: str
    last: str
    model: str = "last"
    models: tuple[str, ...] = ()
    by: tuple[str, ...] = ("ad",)
    filters: Mapping[str, Filter] = MappingProxyType({})
    basis: Basis = "conversion"
    form: Form = "json"
    compared: Range | None = None
    page: Page = Page()
    spend: bool | None = None

    def __contains__(self, day: str) -> bool:
        return self.first <= day <= self.last

    def earlier(self) -> "Query | None":
        """The same query of the days with which its own are compared, with all rows; None if there are none."""
        if self.compared is None:
            return None
        first, last = self.compared
        return msgspec.structs.replace(self, first=first, last=last, compared=None, page=Page(self.page.order))

    def all_models(self) -> tuple[str, ...]:
        """The models to read: `model`, those beside it, and `last`, from which these differ."""
        return tuple(dict.fromkeys((self.model, *self.models, *(("last",) if self.models else ()))))

    def column_of(self, model: str) -> int:
        """The place of a model's conversions in a sum. The money follows them."""
        return 2 + 2 * self.all_models().index(model)

    def empty_sum(self) -> list[int]:
        """A sum of nothing: clicks, views, and two amounts of each model; with spend, its numbers at the end."""
        return [0] * (2 + 2 * len(self.all_models()) + WIDTH * bool(self.spend))

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
    by = read_by(parameters.get("by") or "ad", basis)
    spend = read_spend(parameters, by)
    page = read_page(parameters, by, tuple(FIGURES) if spend is False else SORTABLE)
    return Query(
        first=first,
        last=last,
        model=models[0] if models else _one_of(parameters, "model", ("last", *MODELS)),
        models=models,
        by=by,
        filters=read_filters(lambda name: values_of(parameters, name), site),
        basis=basis,
        form=_one_of(parameters, "format", FORMS),
        compared=read_compared(parameters.get("compare") or "", first, last),
        page=page,
        spend=True if page.order.name in COLUMNS else spend,
    )


def read_spend(parameters: Mapping[str, str], by: tuple[str, ...]) -> bool | None:
    """Read whether the report has what was spent; None: where something was. Raises Refusal."""
    spend = {"auto": None, "0": False, "1": True}[_one_of(parameters, "spend", SPEND)]
    if spend and "hour" in by:
        raise Refusal(400, "bad_by", "Networks say what was spent by day; by=hour is not possible with spend.", "by")
    return False if "hour" in by else spend


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
