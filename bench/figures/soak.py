"""Soak: rolls up a day of hours over and over, each time after late hits. It fails if memory grows."""

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
#: The late clicks of each hour in each round.
LATE = 20
#: The seconds between two looks at the memory; and by how many MiB the memory may grow from the middle third of the run
#: to the last.
EVERY, MORE = 15.0, 8


def memory() -> int:
    """Return the resident memory of this process, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def soak(site: BenchSite, seconds: float) -> list[int]:
    """Roll up for some seconds; return the memory (KiB) at each look."""
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
    """Process late clicks of an hour: LATE clicks that are the same in each round, and one that is new. The hour
    therefore hardly grows."""
    clicks = [site.click(f"late-{n}", bucket + n, visitor_id(bucket, n)) for n in range(LATE)]
    site.process([*clicks, site.click(f"late-{round_}", bucket + 1, visitor_id(bucket, 0))])


def main() -> None:
    """Run the soak; exit with code 1 if memory grew."""
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
