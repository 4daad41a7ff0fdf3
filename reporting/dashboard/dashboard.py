"""Dashboard: makes the dashboard's menus from a person's choice, and its tiles and table from a report's answer.
Pure."""

import msgspec
from msgspec import UNSET

from conversions.attribution.credit import MODELS
from conversions.rules.site import SiteConfig
from reporting.dashboard.chips import Chip, chips_of
from reporting.dashboard.choice import COMPARED, Choice, Pairs, address_of, kept_pairs
from reporting.dashboard.figures import Tile, tiles_of
from reporting.dashboard.period import PERIODS
from reporting.dashboard.table import Tab, Table, table_of
from reporting.report.report_answer import ReportAnswer


class Option(msgspec.Struct, frozen=True):
    """An entry of a menu, or a check box: the value that the form sends, its title, and whether it is selected."""

    value: str
    title: str
    selected: bool


class Menus(msgspec.Struct, frozen=True):
    """What a person can choose on the dashboard. `kept`, `kept_by_days` and `kept_by_site` are the hidden fields of the
    three forms."""

    periods: list[Tab]
    compared: list[Option]
    goals: list[Option]
    models: list[Option]
    beside: list[Option]
    chips: list[Chip]
    kept: Pairs
    kept_by_days: Pairs
    kept_by_site: Pairs


class Dashboard(msgspec.Struct, frozen=True):
    """What the dashboard shows of a report. `before`: the first and the last of the earlier days with which it is
    compared; None if there are none."""

    tiles: list[Tile]
    table: Table
    before: tuple[str, str] | None


def dashboard_of(report: ReportAnswer, choice: Choice) -> Dashboard:
    """Make the tiles and the table of the dashboard from a report's answer and the person's choice."""
    previous = None if report.previous is UNSET else report.previous
    return Dashboard(
        tiles=tiles_of(report.totals, previous.totals if previous else None, choice),
        table=table_of(report, choice),
        before=(previous.first, previous.last) if previous else None,
    )


def menus_of(choice: Choice, site: SiteConfig) -> Menus:
    """Make the menus of a site's dashboard. What the person chose is marked as selected."""
    compared = COMPARED if choice.compare in COMPARED else {choice.compare: choice.compare, **COMPARED}
    goals = [value for name, value in choice.filters if name == "goal"]
    return Menus(
        periods=[
            Tab(title, address_of(choice, period=name), choice.period == name) for name, (title, _) in PERIODS.items()
        ],
        compared=[Option(value, title, value == choice.compare) for value, title in compared.items()],
        goals=[Option("", "All goals", not goals), *(Option(one.key, one.key, one.key in goals) for one in site.goals)],
        models=[Option(model, title_of(model), model == choice.model) for model in MODELS],
        beside=[Option(model, title_of(model), model in choice.beside) for model in MODELS if model != choice.model],
        chips=chips_of(choice.filters, lambda filters: address_of(choice, filters=filters)),
        kept=kept_pairs(choice, ("compare", "goal", "model", "beside")),
        kept_by_days=kept_pairs(choice, ("period", "from", "to")),
        kept_by_site=[pair for pair in kept_pairs(choice, ("site",)) if pair not in choice.filters],
    )


def title_of(model: str) -> str:
    """Return a model's name for people: time_decay becomes "Time decay"."""
    return model.replace("_", " ").capitalize()
