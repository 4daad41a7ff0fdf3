"""Commands that a crash run calls in its tracker's environment: `python -m tests.crash.inside WORD SITE`.

Each prints JSON. Expected reports come from the recomputation of the invariance property. The recomputation gets the
hits one world at a time, because its time grows with the square of the number of hits.
"""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import django
import msgspec

django.setup()

from conversions.configuration.loading import load_site  # noqa: E402
from conversions.models import Ad, Campaign, Goal, MatchRule  # noqa: E402
from conversions.rules.site import SiteConfig  # noqa: E402
from conversions.store.adapters import open_store  # noqa: E402
from conversions.units.clock import DAY_MS, day_of  # noqa: E402
from reporting.figures.cells import CLICKS  # noqa: E402
from tests.crash.plan import identity  # noqa: E402
from tests.properties.given import recomputed  # noqa: E402
from tests.properties.recomputation.credit import BY_AGE  # noqa: E402
from tracker.archive import open_archive  # noqa: E402
from tracker.collection.hit import Hit  # noqa: E402
from tracker.models import Site  # noqa: E402

#: The age of the oldest hits of a run.
SPAN_MS = 8 * DAY_MS
Rows = dict[tuple[str, str], list[int]]


def configure(key: str) -> None:
    """Add ads with match rules, and a goal that counts a person once. Let anybody send adjustments."""
    site = Site.objects.get(key=key)
    site.open_adjustments = True
    site.save()
    campaign = Campaign.objects.create(site=site, key="crash")
    MatchRule.objects.create(ad=Ad.objects.create(campaign=campaign, key="letter"), source="news", medium="email")
    MatchRule.objects.create(ad=Ad.objects.create(campaign=campaign, key="brand"), network="google-ads")
    Ad.objects.create(campaign=campaign, key="banner")
    Goal.objects.create(site=site, key="first", event="purchase", counting="once", click_window_days=2)


def rename(key: str) -> None:
    """Rename an ad, and add a match rule to another one."""
    ad = Ad.objects.get(campaign__site__key=key, key="letter")
    ad.key = "newsletter"
    ad.save()
    MatchRule.objects.create(ad=Ad.objects.get(campaign__site__key=key, key="banner"), network="meta-ads")


def check(key: str) -> dict[str, Any]:
    """Return the archived hits, the expected report of each model, and the rejected hits."""
    site = load_site(key)
    assert site is not None
    archive = open_archive()
    objects = list(archive.list())
    hits = [hit for name in objects for hit in archive.get(name) if hit.site == key]
    distinct = list({identity(hit): hit for hit in hits}.values())
    now = time.time_ns() // 1_000_000
    rejected = open_store().read_rejected(key, now - SPAN_MS, now, 100_000)
    return {
        "objects": len(objects),
        "copies": len(hits),
        "hits": [identity(hit).decode() for hit in distinct],
        "reports": expected_reports(distinct, site),
        "rejected": dict(Counter(record.code for record in rejected)),
        "no_goal": [record.hit for record in rejected if record.code == "no_goal"],
    }


def expected_reports(hits: Iterable[Hit], site: SiteConfig) -> dict[str, Any]:
    """Return the expected report of each model: rows [ad, day, clicks, views, conversions, value], and unattributed
    amounts.

    Data-driven models are left out, because they learn from all worlds together.
    """
    sums: dict[str, Rows] = {model: defaultdict(lambda: [0] * 4) for model in BY_AGE}
    for world in worlds(hits):
        for (bucket, _goal, model), rows in recomputed(world, site).items():
            for name in sums if model == CLICKS else {model} & sums.keys():
                add(sums[name], rows, day_of(bucket, site.timezone), 0 if model == CLICKS else 2)
    return {model: report(rows) for model, rows in sums.items()}


def add(sums: Rows, rows: dict[tuple[str | None, str], tuple[int, int]], day: str, column: int) -> None:
    """Add a cell's rows to a report's rows: clicks and views from column 0 on, credit and value from column 2 on."""
    for (ad, _touch_day), amounts in rows.items():
        row = sums[ad or "", day if ad else ""]
        row[column] += amounts[0]
        row[column + 1] += amounts[1]


def report(sums: Rows) -> dict[str, Any]:
    """Return the rows in the report's order, and the sums of unattributed amounts."""
    rows = [[ad, day, *amounts] for (ad, day), amounts in sorted(sums.items()) if ad and any(amounts)]
    return {"rows": rows, "unattributed": sums.get(("", ""), [0] * 4)[2:]}


def worlds(hits: Iterable[Hit]) -> Iterable[list[Hit]]:
    """Group hits by world. The ids, visitors and orders of a world have a prefix that no other world has."""
    found: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        world = hit.id.rpartition(".")[0]
        assert all(name.startswith(f"{world}.") for name in (hit.visitor, hit.order) if name)
        found[world].append(hit)
    return found.values()


COMMANDS: dict[str, Callable[[str], Any]] = {"configure": configure, "rename": rename, "check": check}

if __name__ == "__main__":
    print(msgspec.json.encode(COMMANDS[sys.argv[1]](sys.argv[2])).decode())
