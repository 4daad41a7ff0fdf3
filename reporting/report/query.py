"""Query: reads and checks the parameters of a report; the result is a Query. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from conversions.attribution.credit import MODELS
from conversions.filters.filters import AD_KEYS, FILTER_NAMES, Filters, goal_uid, read_filters, takes_goal
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, days_between, next_day
from conversions.units.days import EARLIEST, LATEST, Range, read_days
from conversions.units.parameters import check_names, read_one_of
from reporting.report.costs import COLUMNS, WIDTH
from reporting.report.paging import FIGURES, SORTABLE, Page, read_page
from reporting.report.ranges import read_compared
from tracker.collection.refusal import Refusal

Basis = Literal["conversion", "click"]
Form = Literal["json", "csv", "spreadsheet"]

#: The values of `by`. Unattributed amounts have no value of AD_KEYS.
KEYS = (*AD_KEYS, "goal", "day", "week", "month", "hour")
BASES: tuple[Basis, ...] = ("conversion", "click")
SPEND = ("auto", "0", "1")
FORMS: tuple[Form, ...] = ("json", "csv", "spreadsheet")
#: All parameters of a report.
PARAMETERS = (
    *("site", "from", "to", "compare", "model", "models", "by", "basis", "order", "limit", "after", "spend", "format"),
    *FILTER_NAMES,
)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """The checked parameters of a report. Days are days of the site's calendar; `last` is included.

    `models`: the models to show side by side; empty if only `model` is shown. `filters`: key -> the values that the
    report includes; goals are given by uid. `compared`: the days with which the report is compared. `page`: which rows
    to show. `spend`: whether to show costs; None means only if something was spent.
    """

    first: str
    last: str
    model: str = "last"
    models: tuple[str, ...] = ()
    by: tuple[str, ...] = ("ad",)
    filters: Filters = MappingProxyType({})
    basis: Basis = "conversion"
    form: Form = "json"
    compared: Range | None = None
    page: Page = Page()
    spend: bool | None = None

    def __contains__(self, day: str) -> bool:
        return self.first <= day <= self.last

    def earlier(self) -> "Query | None":
        """Return the query of the earlier days with which this report is compared. It is the same query for these days,
        but with all rows. None if the report is compared with nothing."""
        if self.compared is None:
            return None
        first, last = self.compared
        return msgspec.structs.replace(self, first=first, last=last, compared=None, page=Page(self.page.order))

    def all_models(self) -> tuple[str, ...]:
        """Return all models whose cells are read: `model`; or `models` and `last`, because differences from `last` are
        shown."""
        return tuple(dict.fromkeys((self.model, *self.models, *(("last",) if self.models else ()))))

    def column_of(self, model: str) -> int:
        """Return the index of a model's conversions in the sums of a row. The next index has their value."""
        return 2 + 2 * self.all_models().index(model)

    def empty_sum(self) -> list[int]:
        """Return the sums of a row, all 0: clicks, views, then conversions and value of each model, then the numbers of
        spend if costs are shown."""
        return [0] * (2 + 2 * len(self.all_models()) + WIDTH * bool(self.spend))

    def takes_goal(self, uid: str) -> bool:
        """Whether the report's filters include a goal (by uid)."""
        return takes_goal(self.filters, uid)

    def days(self) -> list[str]:
        """Return all days of the report, such as ["2026-11-27", "2026-11-28"]."""
        return days_between(self.first, self.last)

    def credit_days(self, site: SiteConfig) -> list[str]:
        """Return the days whose cells of credit are read. With basis=click, credit counts on the day of the touch.
        Conversions of later days may give credit to touches of the report's days, and their days are read as well."""
        if self.basis == "conversion":
            return self.days()
        # A day of a window has 24 hours. Days of the site may be shorter; therefore one more day is read.
        return days_between(self.first, next_day(self.last, -(-longest_window(site) // DAY_MS) + 1))


def longest_window(site: SiteConfig) -> int:
    """Return the longest time (ms) between a touch and a conversion that may give the touch credit, over all goals and
    their versions."""
    versions = [version for goal in site.goals for version in goal.versions]
    return max((max(version.click_window, version.view_window) for version in versions), default=0)


def read_query(parameters: Mapping[str, str], site: SiteConfig) -> Query:
    """Read and check the parameters of a report. An empty parameter counts as absent. If `parameters` has the method
    `getlist`, a filter may come several times. Raises Refusal."""
    check_names(parameters, PARAMETERS, "A report")
    first, last = read_days(parameters, "A report")
    models = read_models(parameters)
    basis: Basis = read_one_of(parameters, "basis", BASES, "conversion")
    by = read_by(parameters.get("by") or "ad", basis)
    spend = read_spend(parameters, by)
    page = read_page(parameters, by, tuple(FIGURES) if spend is False else SORTABLE)
    return Query(
        first=first,
        last=last,
        model=models[0] if models else read_one_of(parameters, "model", tuple(MODELS), "last"),
        models=models,
        by=by,
        filters=read_filters(parameters, site),
        basis=basis,
        form=read_one_of(parameters, "format", FORMS, "json"),
        compared=read_compared(parameters.get("compare") or "", first, last),
        page=page,
        spend=True if page.order.name in COLUMNS else spend,
    )


def read_spend(parameters: Mapping[str, str], by: tuple[str, ...]) -> bool | None:
    """Read the parameter `spend`, which says whether to show costs. None means only if something was spent. Raises
    Refusal."""
    spend = {"auto": None, "0": False, "1": True}[read_one_of(parameters, "spend", SPEND, "auto")]
    if spend and "hour" in by:
        raise Refusal(400, "bad_by", "Spend is known only by day; by=hour is not possible with it.", "by")
    return False if "hour" in by else spend


def read_by(text: str, basis: Basis) -> tuple[str, ...]:
    """Read the parameter `by`, which says what a row of the report is for: "goal,day" gives ("goal", "day"). Raises
    Refusal."""
    keys = tuple(key.strip() for key in text.split(",", len(KEYS)))
    if not set(keys) <= set(KEYS) or len(set(keys)) < len(keys):
        raise Refusal(400, "bad_by", f"by is a comma-separated list of {', '.join(KEYS)}, each at most once.", "by")
    if "hour" in keys and basis == "click":
        raise Refusal(
            400, "bad_by", "With basis=click credit counts on the touch's day; by=hour is not possible.", "by"
        )
    return keys


def read_models(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Read the parameter `models`, the models to show side by side; () if it is absent. The first one is the report's
    own model. Raises Refusal."""
    text = parameters.get("models") or ""
    models = tuple(name.strip() for name in text.split(",", len(MODELS))) if text else ()
    if not set(models) <= set(MODELS) or len(set(models)) < len(models):
        detail = f"models is a comma-separated list of {', '.join(MODELS)}, each at most once."
        raise Refusal(400, "bad_models", detail, "models")
    if models and parameters.get("model") not in (None, "", models[0]):
        raise Refusal(400, "bad_models", "The first of models is the report's model; leave model out.", "models")
    return models


def read_month(parameters: Mapping[str, str]) -> str:
    """Read the parameter `month`, such as 2026-11. Raises Refusal."""
    month = parameters.get("month") or ""
    if _MONTH.fullmatch(month) and EARLIEST <= f"{month}-01" <= LATEST:
        return month
    raise Refusal(400, "bad_month", "month must be a month of the site's calendar, such as 2026-10.", "month")


def read_fit_query(parameters: Mapping[str, str], site: SiteConfig) -> tuple[str, str]:
    """Read the parameters of a request for a goal's fit. Return the goal's uid and the month. Raises Refusal."""
    key = parameters.get("goal") or ""
    if not key:
        raise Refusal(400, "missing_goal", "Name the goal by its key.", "goal")
    goal = goal_uid(key, site)
    return goal, read_month(parameters)
