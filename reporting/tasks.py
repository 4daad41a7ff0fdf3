"""Tasks: marked buckets -> figures, and marked months -> fits. Beat sends them each minute."""

import time

from celery import shared_task
from prometheus_client import Histogram

from conversions.configuration.loading import load_site, load_sites
from conversions.marks import days, fit_marks
from conversions.marks import marks as sequence
from conversions.marks.retention import frozen_before
from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from reporting.days import DayMaker
from reporting.fitter import Fitter
from reporting.rollup import Roller

#: A tick ends after this many seconds. The next tick does the rest.
TICK_SECONDS = 50
ROLLUP_SECONDS = Histogram(
    "hitledger_rollup_seconds",
    "Rolling up one bucket, or some small ones together.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


FIT_SECONDS = Histogram(
    "hitledger_fit_seconds",
    "Fitting one month of one site.",
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)


def roller() -> Roller:
    """Make the roller on the store and the configuration that the settings name."""
    return Roller(open_store(), sequence, load_sites, frozen_before)


@shared_task(name="reporting.tasks.roll_up")
def roll_up() -> int:
    """Roll up marked buckets until the tick ends; return the number of buckets."""
    ends_at = time.monotonic() + TICK_SECONDS
    done = 0
    work = roller()
    for noted in (work.marked, work.sums):
        for batch in work.batches(noted(now=now_ms())):
            if time.monotonic() > ends_at:
                break
            with ROLLUP_SECONDS.time():
                work.attempt(batch)
            done += len(batch)
    make_days(ends_at)
    return done


def make_days(ends_at: float) -> None:
    """Make the cells of days that are over, until a time of the monotonic clock."""
    work = day_maker()
    for day in work.due(now_ms()):
        if time.monotonic() > ends_at:
            break
        work.attempt(day)


def day_maker() -> DayMaker:
    """Make the maker of days on the same store and configuration."""
    return DayMaker(open_store(), days, load_sites)


def fitter() -> Fitter:
    """Make the fitter on the store and the configuration that the settings name."""
    return Fitter(open_store(), sequence, fit_marks, load_site, frozen_before, now_ms)


@shared_task(name="reporting.tasks.fit_months")
def fit_months() -> int:
    """Fit the marked months that are over and rolled up until the tick ends; return the number of months."""
    ends_at = time.monotonic() + TICK_SECONDS
    done = 0
    work = fitter()
    for mark in work.due():
        if time.monotonic() > ends_at:
            break
        if work.is_ready(mark):
            with FIT_SECONDS.time():
                work.attempt(mark, now_ms())
            done += 1
    return done
