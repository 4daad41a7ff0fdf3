"""Archives to measure replays with: typical hits in small objects of 24 hits, or merged, in a folder and perhaps in
S3."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from bench.figures.site import START, BenchSite
from conversions.configuration.loading import forget_cached_sites
from conversions.marks.ranges import Range
from conversions.models import Replay
from conversions.replay.replay import replay
from conversions.tasks import replay_processor
from conversions.units.clock import FOR_EVER, HOUR_MS
from tracker.archive import FolderArchive, Merger, ObjectArchive
from tracker.archive.s3 import S3Archive
from tracker.collection.hit import Batch, Hit, batch_id

BATCH = 24
#: Of 20 hits, 11 are pages, 4 landing pages of ads, 4 clicks and 1 a conversion, as in `bench/hits.lua`.
MIX = 20
UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
#: The variable with the address of a bucket. `make bench-figures` sets it.
BUCKET = "BENCH_ARCHIVE_URL"


@contextmanager
def archives() -> Iterator[dict[str, ObjectArchive]]:
    """Yield the archives to measure, which are empty: name -> archive. Their objects are deleted afterwards."""
    found: dict[str, ObjectArchive] = {"folder": FolderArchive(Path(os.environ["HITLEDGER_STATE"]) / "measured")}
    if place := os.environ.get(BUCKET):
        found["S3"] = S3Archive(urlsplit(place).netloc, f"bench-{uuid4().hex}", os.environ.get("S3_ENDPOINT_URL", ""))
    try:
        yield found
    finally:
        for archive in found.values():
            archive.delete(list(archive.list()))


def fill(archive: ObjectArchive, site: str, hits: int) -> None:
    """Write hits of some hours to an archive, a batch of 24 hits for each second."""
    rng = random.Random(hits)
    for first in range(0, hits, BATCH):
        made_at = START + first * 1_000 // BATCH
        batch = tuple(hit(rng, site, n, made_at) for n in range(first, first + BATCH))
        archive.put(Batch(batch_id(made_at, f"{site}{rng.getrandbits(64):016x}".replace("-", "")), batch))


def hit(rng: random.Random, site: str, number: int, at: int) -> Hit:
    """Make a random hit: page, landing page, click or conversion, in the proportion of MIX."""
    what, more = rng.randrange(MIX), dict[str, Any]()
    if what < 4:
        more = {"url": f"https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=c{what}"}
    elif what < 8:
        more = {"type": "click", "ad": "ad-number-1", "url": "https://shop.example/"}
    elif what == 8:
        more = {"type": "conversion", "name": "purchase", "value": 19_900_000, "order": f"o{number}"}
    own = {"type": "page", "url": f"https://shop.example/p/{rng.randrange(500)}", **more}
    who = {"visitor": f"v{rng.randrange(20_000)}", "ip": "203.0.113.7", "ua": UA}
    return Hit(id=f"b1.1.{number}", site=site, at=at, received=at, **own, **who)


def merge(archive: ObjectArchive) -> None:
    """Merge all objects of an archive, as a worker does."""
    list(Merger(archive).merge(START + 1_000 * HOUR_MS))


def size_of(archive: ObjectArchive) -> int:
    """Return the size of all objects of an archive in bytes."""
    return sum(len(archive.read(key)) for key in archive.list())


def replayed(archive: ObjectArchive, site: BenchSite) -> None:
    """Replay all hits of a site from an archive, as a worker does."""
    forget_cached_sites()
    progress = Replay.objects.create(site=site.key)
    for _ in replay(archive, replay_processor(), [Range(site.key, 0, FOR_EVER)], progress):
        pass
