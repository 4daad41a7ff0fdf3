"""`manage.py rollup`: makes the figures of all marked hours now. Without this command, workers make them each
minute."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from conversions.marks.fit_marks import WHENEVER
from conversions.marks.marks import FitMark, Mark
from conversions.marks.ranges import add_range_arguments, mark_range, read_ranges
from conversions.units.clock import FOR_EVER, month_of
from conversions.units.now import now_ms
from reporting.fitter import FURTHEST_MS, Fitter, end_of
from reporting.rollup import Roller
from reporting.tasks import day_maker, fitter, roller
from tracker.collection.failure import Transient
from tracker.collection.refusal import Refusal
from tracker.queues import wait_until_idle


class Command(BaseCommand):
    """Wait until accepted hits are processed, then make the figures of all marked hours, or of all hours of a range."""

    help = "Make the figures of all marked hours, or of all hours of a range. The command ends when they are made."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: how long to wait for accepted hits, and the range of hours."""
        help = "wait at most this long for accepted hits to be processed; 60 by default; 0: don't wait"
        parser.add_argument("--wait", type=float, default=60, metavar="SECONDS", help=help)
        add_range_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Run the command. If a service is away, end with an error of one line; the same command can be run again."""
        try:
            self._roll_up(options)
        except Transient as error:
            raise CommandError(f"Stopped: {error}. The same command goes on from here.") from error

    def _roll_up(self, options: dict[str, Any]) -> None:
        """Wait for accepted hits, then make the figures. If the hits weren't processed in time, make the figures
        anyway, and then end with an error."""
        try:
            ranges = read_ranges(options["site"], options["since"], options["until"])
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        wait = options["wait"]
        idle = wait <= 0 or wait_until_idle(wait)
        if options["since"] or options["until"]:
            for span in ranges:
                mark_range(span)
        done, fitted = drain(options["site"])
        self.stdout.write(f"{done} buckets rolled up.")
        if fitted:
            self.stdout.write(f"{fitted} months fitted.")
        if not idle:
            raise CommandError(f"Accepted hits were still on their way after {wait:g} s; is a worker running?")


def drain(site: str | None) -> tuple[int, int]:
    """Roll up hours and make fits of months until nothing is marked any more. Return the number of hours and the number
    of months.

    The oldest month comes first, because its fits decide how conversions of the next month are divided. If the fits of
    a month change later, the next month's hours are marked and rolled up again. This ends, because fits depend on paths
    of touches, and not on credit.
    """
    buckets, months = 0, set[str]()
    for until in month_ends(roller().marked(site)):
        # What fails here is tried again below, after the other months.
        buckets += roll_up_until(roller(), site, until)
        months |= fit_until(fitter(), site, until).keys()
    buckets += roll_up_all(site)
    while fitted := fit_all(site):
        months |= fitted.keys()
        buckets += roll_up_all(site)
        if not any(fitted.values()):
            break
    make_all_days(site)
    return buckets, len(months)


def month_ends(marks: Iterable[Mark]) -> list[int]:
    """Return the instants (ms) at which the months of the marked hours have ended in every timezone, in order of time.
    The newest month is left out."""
    months = sorted({month_of(mark.bucket, "UTC") for mark in marks})
    return [over_everywhere(month) for month in months[:-1]]


def over_everywhere(month: str) -> int:
    """Return the instant (ms) at which a month has ended in every timezone."""
    return end_of(month, "UTC") + FURTHEST_MS


def roll_up_all(site: str | None) -> int:
    """Roll up all marked parts, and add up their hours. Return the number of hours. If a service was away meanwhile,
    raise its error at the end."""
    work = roller()
    buckets = roll_up_until(work, site, FOR_EVER)
    work.attempts.end()
    return buckets


def roll_up_until(work: Roller, site: str | None, until: int) -> int:
    """Roll up the marked parts of all hours that begin before `until` (ms), and add up these hours. Return the number
    of hours."""
    buckets: set[tuple[str, int]] = set()
    for noted in (work.marked, work.sums):
        marks = [mark for mark in noted(site) if mark.bucket < until]
        buckets |= {(mark.site, mark.bucket) for mark in marks}
        with tqdm(total=len(marks), desc="rolling up", unit=" parts", disable=None, leave=False) as progress:
            for batch in work.batches(marks):
                work.attempt(batch)
                progress.update(len(batch))
    return len(buckets)


def make_all_days(site: str | None) -> None:
    """Make the cells of all past days that should be made again."""
    work = day_maker()
    for day in tqdm(work.due(now_ms(), site), desc="adding up", unit=" days", disable=None):
        work.attempt(day)
    work.attempts.end()


def fit_all(site: str | None) -> dict[str, bool]:
    """Make the fits of all marked months that have ended, even if another process holds their marks. Return {"site
    month": whether the fits changed}.

    If a service was away meanwhile, raise its error at the end.
    """
    work = fitter()
    changed = fit_until(work, site, FOR_EVER)
    work.attempts.end()
    return changed


def fit_until(work: Fitter, site: str | None, until: int) -> dict[str, bool]:
    """Make the fits of the marked months that have ended in every timezone at `until` (ms). Return {"site month":
    whether the fits changed}."""
    marks = [mark for mark in work.due(site) if over_everywhere(mark.month) <= until]
    return {f"{mark.site} {mark.month}": work.attempt(mark, WHENEVER, watch_fit(mark)) for mark in marks}


def watch_fit(mark: FitMark) -> Callable[[Sequence[int]], Iterable[int]]:
    """Return a function that passes on the hours of a month, and shows a progress bar while they are read."""
    return lambda buckets: tqdm(buckets, desc=f"fitting {mark.month}", unit=" buckets", disable=None, leave=False)
