"""Choice: what a person chose on the dashboard, such as site, days and model. It is read from the page's address, and
converted to other addresses and to the parameters of reports. Pure."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import msgspec

from conversions.attribution.credit import MODELS
from conversions.filters.filters import FILTER_NAMES
from conversions.units.parameters import check_names, read_one_of, values_of
from reporting.dashboard.period import DEFAULT_PERIOD, PERIODS
from tracker.collection.refusal import Refusal

#: What the rows of the table can be: ads, campaigns and so on.
TABS = ("ad", "campaign", "channel", "source", "goal", "day")
#: The figures that the chart can show. They can be added up.
SHOWN = ("conversions", "value", "clicks", "cost")
#: What the dashboard can be compared with, besides given days (`FROM..TO`).
COMPARED = {"previous": "The days before", "year": "The year before", "none": "Nothing"}
#: All parameters of the dashboard.
PARAMETERS = (
    *("site", "period", "from", "to", "compare", "model", "beside", "show", "by", "order", "after"),
    *FILTER_NAMES,
)
#: The most rows that the table shows at once.
ROWS = 50

Pairs = list[tuple[str, str]]
#: The filters as (parameter, value), in the order of FILTER_NAMES.
Filters = tuple[tuple[str, str], ...]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a person chose on the dashboard.

    `period`: a period's name such as 28d; "" if the person chose the days `first` to `last` directly. `model`: the
    attribution model; `beside`: other models to show next to it. `show`: the figure of the chart. `by`: what the
    table's rows are, such as ads. `filters`: (parameter, value) as in the address. `after`: the position after which
    the table's rows begin; "" for the first row.
    """

    site: str
    period: str = ""
    first: str
    last: str
    compare: str = "previous"
    model: str = "last"
    beside: tuple[str, ...] = ()
    show: str = "conversions"
    by: str = "ad"
    order: str = ""
    after: str = ""
    filters: Filters = ()

    def sorted_by(self) -> str:
        """Return the order of the table's rows, as a report's parameter `order`. If the person chose no order, it is
        `-day` (latest day first) for rows by day, and `-conversions` (most first) for other rows."""
        return self.order or ("-day" if self.by == "day" else "-conversions")


def read_choice(parameters: Mapping[str, str], site: str, today: str) -> Choice:
    """Read what a person chose for a site, from the parameters of the dashboard's address. `today`: the site's present
    day. Models, days and filters are not checked here, but by the report. Raises Refusal."""
    check_names(parameters, PARAMETERS, "The dashboard")
    period, first, last = read_period(parameters, today)
    model = parameters.get("model") or "last"
    return Choice(
        site=site,
        period=period,
        first=first,
        last=last,
        compare=parameters.get("compare") or "previous",
        model=model,
        beside=tuple(one for one in MODELS if one in values_of(parameters, "beside") and one != model),
        show=read_one_of(parameters, "show", SHOWN, SHOWN[0]),
        by=read_one_of(parameters, "by", TABS, TABS[0]),
        order=parameters.get("order") or "",
        after=parameters.get("after") or "",
        filters=read_filter_pairs(parameters),
    )


def read_filter_pairs(parameters: Mapping[str, str]) -> Filters:
    """Read the filters from the parameters of the address: `ad!=x&goal=sale` gives (("ad!", "x"), ("goal", "sale"))."""
    return tuple((name, value) for name in FILTER_NAMES for value in values_of(parameters, name) if value)


def narrow(filters: Filters, name: str, value: str) -> Filters:
    """Return the filters, changed to include only one value of a key: narrow(filters, "ad", "x") has `ad=x` in place of
    all other filters `ad`."""
    return (*(pair for pair in filters if pair[0] != name), (name, value))


def read_period(parameters: Mapping[str, str], today: str) -> tuple[str, str, str]:
    """Read the period from the parameters of the address: its name, its first day and its last day. If the address
    names days, the name is "". Raises Refusal."""
    first, last = parameters.get("from") or "", parameters.get("to") or ""
    if first or last:
        return "", first or last, last or today
    period = parameters.get("period") or DEFAULT_PERIOD
    if period not in PERIODS:
        raise Refusal(400, "bad_period", f"period must be one of {', '.join(PERIODS)}; or give from and to.", "period")
    return (period, *PERIODS[period][1](today))


def pairs_of(choice: Choice) -> Pairs:
    """Return the parameters of the dashboard's address for a choice. A parameter with its default value is left out."""
    days = [("period", choice.period)] if choice.period else [("from", choice.first), ("to", choice.last)]
    chosen = {name: getattr(choice, name) for name in ("compare", "model", "show", "by", "order", "after")}
    plain = {"compare": "previous", "model": "last", "show": "conversions", "by": "ad", "order": "", "after": ""}
    own = [(name, value) for name, value in chosen.items() if value != plain[name]]
    return [("site", choice.site), *days, *own, *(("beside", one) for one in choice.beside), *choice.filters]


def address_of(choice: Choice, **changes: object) -> str:
    """Return the dashboard's address for a choice with some changes: address_of(choice, model="first"). The table
    begins at its first row, unless the changes contain `after`."""
    return f"?{urlencode(pairs_of(msgspec.structs.replace(choice, **{'after': '', **changes})))}"


def kept_pairs(choice: Choice, but: Iterable[str]) -> Pairs:
    """Return the hidden fields of a form on the dashboard. The form itself has the fields `but`; the hidden fields
    repeat the rest of the choice."""
    left = {"after", *but}
    return [(name, value) for name, value in pairs_of(choice) if name not in left]


def compared_pairs(choice: Choice) -> Pairs:
    """Return the parameters of a report that say its site, its days and the days to compare with."""
    compared = [("compare", choice.compare)] if choice.compare != "none" else []
    return [("site", choice.site), ("from", choice.first), ("to", choice.last), *compared]


def report_pairs(choice: Choice) -> Pairs:
    """Return the parameters of the report from which the dashboard's table is made, for all rows."""
    models = ",".join((choice.model, *choice.beside))
    return [
        *compared_pairs(choice),
        ("models", models) if choice.beside else ("model", choice.model),
        *(("by", choice.by), ("order", choice.sorted_by()), ("spend", "1")),
        *choice.filters,
    ]


def table_pairs(choice: Choice) -> Pairs:
    """Return the parameters of the report from which the dashboard's table is made. The report has the rows of one page
    of the table."""
    page = [("after", choice.after)] if choice.after else []
    return [*report_pairs(choice), ("limit", str(ROWS)), *page]
