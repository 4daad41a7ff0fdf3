"""Fits: a site's month -> what the models learnt from it, read from its cells. Rollups, explanations and reports use
it."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from conversions.attribution.fit import FIT, Fitted, Learnt, decode_fit, encode_fit
from conversions.facts.ad_names import AdNames
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.clock import day_start, first_day, month_of, next_month
from conversions.verdicts.cases import Case


class CellReader(Protocol):
    """The method of the store that is needed to read the cells of fits and sizes."""

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """The cells of these models and pages."""


def month_before(at: int, site: SiteConfig) -> str:
    """The last whole month before an instant, by the site's clock. Its fits divide the credit of conversions at that
    instant."""
    return next_month(month_of(at, site.timezone), -1)


def may_need_fits(cases: Iterable[Case]) -> bool:
    """Whether any case counts and has several touches to share its credit."""
    return any(case.reason is None and len(case.touches) > 1 for case in cases)


def read_learnt(store: CellReader, site: SiteConfig, month: str) -> dict[str, Learnt]:
    """Read what the models learnt from a month, by the goal's uid."""
    names = AdNames(site.ads)
    cells = store.read_cells(site.key, [FIT], [first_day(month)])
    return {cell.key: Learnt(month, cell.body, names) for cell in cells}


def read_fits(store: CellReader, site: SiteConfig, month: str) -> dict[str, Fitted]:
    """Read the stored fits of a month, by the goal's uid. Fits that can't be decoded are left out."""
    cells = store.read_cells(site.key, [FIT], [first_day(month)])
    return {cell.key: fitted for cell in cells if (fitted := decode_fit(cell.body))}


def fit_cell(site: SiteConfig, goal: str, month: str, fitted: Fitted) -> Cell:
    """Make the cell of a fit. It is on the page of its month's first day."""
    day = first_day(month)
    return Cell(day_start(day, site.timezone), day, goal, FIT, encode_fit(fitted))
