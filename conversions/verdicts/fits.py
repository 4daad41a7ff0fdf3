"""Fits: reads and writes what the data-driven models (Markov, Shapley) learnt from a month. Pure."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from conversions.attribution.fit import FIT, Fitted, Learnt, decode_fit, encode_fit
from conversions.facts.ad_names import AdNames
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.clock import day_start, first_day, month_of, next_month
from conversions.verdicts.cases import Case


class CellReader(Protocol):
    """The part of the store that reads cells."""

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """Read the cells (stored figures) of these models and pages."""


def month_before(at: int, site: SiteConfig) -> str:
    """Return the month before the month of the instant `at` (ms), in the site's timezone: `2026-10` for an instant in
    November 2026.

    A conversion at this instant is divided by what the data-driven models learnt from the month before.
    """
    return next_month(month_of(at, site.timezone), -1)


def may_need_fits(cases: Iterable[Case]) -> bool:
    """Whether a data-driven model has anything to divide: whether at least one conversion counts and has several
    touches."""
    return any(case.reason is None and len(case.touches) > 1 for case in cases)


def read_learnt(store: CellReader, site: SiteConfig, month: str) -> dict[str, Learnt]:
    """Read what the data-driven models learnt from a month. Returns goal uid -> Learnt."""
    names = AdNames(site.ads)
    cells = store.read_cells(site.key, [FIT], [first_day(month)])
    return {cell.key: Learnt(month, cell.body, names) for cell in cells}


def read_fits(store: CellReader, site: SiteConfig, month: str) -> dict[str, Fitted]:
    """Read and decode what the data-driven models learnt from a month. Returns goal uid -> Fitted. Fits that can't be
    decoded are left out."""
    cells = store.read_cells(site.key, [FIT], [first_day(month)])
    return {cell.key: fitted for cell in cells if (fitted := decode_fit(cell.body))}


def fit_cell(site: SiteConfig, goal: str, month: str, fitted: Fitted) -> Cell:
    """Make the cell in which a goal's fit of a month is stored. The page of the cell is the first day of the month."""
    day = first_day(month)
    return Cell(day_start(day, site.timezone), day, goal, FIT, encode_fit(fitted))
