"""Tasks: Celery's tasks that roll up marked hours and make the fits of marked months. Beat starts them each minute."""

import time
from collections import Counter
from collections.abc import Sequence

from celery import shared_task
from django.conf import settings
from prometheus_client import Histogram

from conversions.configuration.loading import load_site, load_sites
from conversions.marks import days, fit_marks
from conversions.marks import marks as sequence
from conversions.marks.marks import Mark
from conversions.marks.retention import frozen_before
from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from reporting.days import DayMaker
from reporting.fitter import Fitter
from reporting.rollup import Roller

#: The seconds after which a task ends. The task of the next minute does the rest.
TICK_SECONDS = 50
#: The seconds after which the task stops rolling up parts, and goes on with the sums of hours.
PARTS_SECONDS = 40
#: How long a helper task works (s); the most helper tasks that one task starts; and the number of marked parts of
#: divided hours for which there is one helper.
HELP_SECONDS, MOST_HELPERS, PARTS_FOR_A_HELPER = 10, 7, 8
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
    """Make a Roller that uses the store and the database of the settings."""
    return Roller(open_store(), sequence, load_sites, frozen_before)


@shared_task(name="reporting.tasks.roll_up")
def roll_up() -> int:
    """The task of each minute: roll up marked parts, add up divided hours, and make the cells of past days. Return the
    number of parts and hours.

    The task ends after TICK_SECONDS. After PARTS_SECONDS it goes on to the hours, even if parts are left.
    """
    began = time.monotonic()
    work = roller()
    marks = work.marked(now=now_ms())
    call_helpers(marks)
    done = attempt_all(work, marks, began + PARTS_SECONDS)
    done += attempt_all(work, work.sums(now=now_ms()), began + TICK_SECONDS)
    make_days(began + TICK_SECONDS)
    return done


@shared_task(name="reporting.tasks.help_roll_up")
def help_roll_up() -> int:
    """The task of a helper: roll up parts of divided hours while another worker runs the task `roll_up`. Return how
    many parts. The task ends after HELP_SECONDS, because its worker must also process hits."""
    work = roller()
    return attempt_all(work, divided(work.marked(now=now_ms())), time.monotonic() + HELP_SECONDS)


def call_helpers(marks: Sequence[Mark]) -> None:
    """Start one helper task for every PARTS_FOR_A_HELPER marked parts of divided hours. Without a broker, start
    none."""
    helpers = len(divided(marks)) // PARTS_FOR_A_HELPER if settings.BROKER_URL else 0
    for _ in range(min(helpers, MOST_HELPERS)):
        help_roll_up.apply_async(expiration=settings.BEAT_SECONDS)


def divided(marks: Sequence[Mark]) -> list[Mark]:
    """Select those marks whose hour has more than one mark, because several of its parts are marked."""
    of_hour = Counter((mark.site, mark.bucket) for mark in marks)
    return [mark for mark in marks if of_hour[mark.site, mark.bucket] > 1]


def attempt_all(work: Roller, marks: Sequence[Mark], ends_at: float) -> int:
    """Roll up the marks, batch after batch, until `ends_at` (seconds of the monotonic clock). Return the number of
    marks, including those that other workers held."""
    done = 0
    for batch in work.batches(marks):
        if time.monotonic() > ends_at:
            break
        with ROLLUP_SECONDS.time():
            work.attempt_held(batch)
        done += len(batch)
    return done


def make_days(ends_at: float) -> None:
    """Make the cells of past days, one day after the other, until `ends_at` (seconds of the monotonic clock)."""
    work = day_maker()
    for day in work.due(now_ms()):
        if time.monotonic() > ends_at:
            break
        work.attempt(day)


def day_maker() -> DayMaker:
    """Make a DayMaker that uses the store and the database of the settings."""
    return DayMaker(open_store(), days, load_sites)


def fitter() -> Fitter:
    """Make a Fitter that uses the store and the database of the settings."""
    return Fitter(open_store(), sequence, fit_marks, load_site, frozen_before, now_ms)


@shared_task(name="reporting.tasks.fit_months")
def fit_months() -> int:
    """The task of each minute: make the fits of marked months that have ended and whose hours are rolled up. Return the
    number of months. The task begins no month after TICK_SECONDS."""
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
