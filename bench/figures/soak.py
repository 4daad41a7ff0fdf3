"""Soak: rolls up a day of hours over and over, each time after late hits, and fails if its memory grows."""

import argparse
import sys
import time
from itertools import count
from pathlib import Path

from bench.figures.site import START, BenchSite, visitor_id
from bench.figures.workers import workers
from conversions.units.clock import HOUR_MS

HOURS = 24
PEOPLE = 2_000
#: Late clicks of each hour in each round.
LATE = 20
#: The memory is looked at this often (s), and may grow by this much (MiB) from the middle third to the last.
EVERY, MORE = 15.0, 8


def memory() -> int:
    """The memory of this process, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def soak(site: BenchSite, seconds: float) -> list[int]:
    """Roll up for some time; return the memory by time (KiB)."""
    began, seen = time.monotonic(), list[int]()
    for round_ in count():
        for hour in range(HOURS):
            late_clicks(site, round_, START + hour * HOUR_MS)
            site.roll_up()
            passed = time.monotonic() - began
            if passed >= len(seen) * EVERY:
                seen.append(memory())
                print(f"[{passed:6.0f} s] round {round_ + 1}, hour {hour}: {seen[-1] >> 10} MiB", flush=True)
            if passed > seconds:
                return seen
        site.make_days()
    raise AssertionError("the rounds never end")


def late_clicks(site: BenchSite, round_: int, bucket: int) -> None:
    """Clicks of some of the hour's people that come late. The same ones in each round, so that the hour stays alike."""
    clicks = [site.click(f"late-{n}", bucket + n, visitor_id(bucket, n)) for n in range(LATE)]
    site.process([*clicks, site.click(f"late-{round_}", bucket + 1, visitor_id(bucket, 0))])


def main() -> None:
    """Exit code 1: the memory has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900)
    given = parser.parse_args()
    site = BenchSite("soak", 200)
    site.divide(16)
    with workers(2) as pool:
        for hour in range(HOURS):
            site.fill_hour(START + hour * HOUR_MS, PEOPLE, pool)
    seen = soak(site, given.seconds)
    third = len(seen) // 3
    middle, last = max(seen[third : 2 * third]), max(seen[2 * third :])
    print(f"the middle third: {middle >> 10} MiB at most; the last third: {last >> 10} MiB")
    if last - middle > MORE << 10:
        sys.exit(f"the memory grew by {(last - middle) >> 10} MiB; more than {MORE} MiB is too much")


if __name__ == "__main__":
    main()
