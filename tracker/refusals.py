"""Refusals: counts refused hits by site, day and code. Each process counts in memory, and adds its counts to the
database every few seconds.

No request waits for this. If a process is killed, its counts of the last seconds are lost.
"""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.http import HttpRequest

from tracker.collection.clock import local_day
from tracker.collection.collect import NoHit
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal
from tracker.collection.sample import Sample, sample_of, site_named
from tracker.daemon import Daemon
from tracker.incoming import read_header, read_query_string
from tracker.models import RefusedCount
from tracker.site_cache import SITES

logger = logging.getLogger(__name__)

#: The seconds between two writes of a process.
WRITE_SECONDS = 10.0
#: The most counts that wait for a write. Further hits count as hits of an unknown site.
MAX_WAITING = 1_000
#: The form of a site's key. Other texts are not looked up in the database.
KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Key(NamedTuple):
    """What a count is for: a site (by key; UNKNOWN if no site has the hit's key), a day by the site's clock, and the
    code of the refusal."""

    site: str
    day: date
    code: str


class Tally(msgspec.Struct):
    """How many hits were refused, how many of them were conversions (`sales`), and a sample: one of these hits.

    A request that was refused as a whole counts as one hit.
    """

    sample: Sample
    hits: int = 0
    sales: int = 0

    def add(self, hits: int, sales: int) -> None:
        """Add refused hits; `sales` of them are conversions."""
        self.hits += hits
        self.sales += sales


#: A function that stores counts. If it raises, it is called again later with these and newer counts.
Write = Callable[[Mapping[Key, Tally]], None]


class Refusals:
    """The counts of this process that are not in the database yet. A thread calls `write` with them every
    WRITE_SECONDS. If `in_background` is False, there is no such thread."""

    def __init__(self, write: Write) -> None:
        self.in_background = True
        self._write = write
        self._lock = Lock()
        self._waiting: dict[Key, Tally] = {}
        self._daemon = Daemon("refusals", self._work)

    def count(self, key: Key, is_sale: bool, sample: Callable[[], Sample]) -> None:
        """Count a refused hit. `is_sale`: whether it is a conversion. `sample` makes the sample; it is called only for
        the first hit of a key since the last write."""
        with self._lock:
            self._tally(key, sample).add(1, is_sale)
        if self.in_background:
            self._daemon.start()

    def flush(self) -> None:
        """Write all counts now. If this fails, keep them for the next time, and raise the error."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            self._write(waiting)
        except BaseException:
            with self._lock:
                for key, tally in waiting.items():
                    self._tally(key, lambda tally=tally: tally.sample).add(tally.hits, tally.sales)  # type: ignore[misc]
            raise

    def _tally(self, key: Key, sample: Callable[[], Sample]) -> Tally:
        if key not in self._waiting and len(self._waiting) >= MAX_WAITING:
            key = key._replace(site=RefusedCount.UNKNOWN)
        if key not in self._waiting:
            self._waiting[key] = Tally(sample())
        return self._waiting[key]

    def _work(self) -> None:
        while True:
            time.sleep(WRITE_SECONDS)
            try:
                self.flush()
            except Exception as error:
                logger.warning("refused hits can't be counted now: %r", error)
            finally:
                connection.close()


def write(tallies: Mapping[Key, Tally]) -> None:
    """Add the counts to the rows of the database, in one transaction."""
    RefusedCount.add_all(
        [
            RefusedCount(
                site=key.site,
                day=key.day,
                code=key.code,
                hits=tally.hits,
                sales=tally.sales,
                sample=msgspec.to_builtins(tally.sample),
            )
            for key, tally in sorted(tallies.items())
        ]
    )


REFUSALS = Refusals(write)


def note_refusal(request: HttpRequest, refusal: Refusal, site: str = "") -> None:
    """Count a request that was refused. If the refusal lists hits, count each of them. Otherwise count the request as
    one hit. `site`: the site's key if the request's path names it."""
    if not 400 <= refusal.status < 500:
        return  # A failure of the tracker: the sender sends the hits again.
    refused = refusal.rejected.values() if isinstance(refusal, NoHit) else [refusal]
    note_hits(request, refused, refusal.about if isinstance(refusal.about, bytes) else b"", site)


def note_hits(request: HttpRequest, refused: Iterable[Refusal], body: bytes, site: str = "") -> None:
    """Count the refused hits of a request. If a hit's parameters are unknown, its sample is made from `body`. `site`:
    the site's key if the request's path names it. Errors are logged and not raised."""
    try:
        _note(request, refused, body, site)
    except Exception:
        logger.exception("refused hits could not be counted")


def _note(request: HttpRequest, refused: Iterable[Refusal], body: bytes, site: str) -> None:
    now = time.time_ns() // 1_000_000
    named = site or site_named(read_query_string(request), body)
    keys: list[tuple[Refusal, str]] = []
    for refusal in refused:
        refusal.about = refusal.about or body
        keys.append((refusal, "" if refusal.code == "unknown_site" else str(_said(refusal).get("site") or named)))
    days = _days_of({key for _, key in keys}, now)
    for refusal, key in keys:
        is_sale = _said(refusal).get("type") == "conversion"
        REFUSALS.count(Key(*days[key], refusal.code), is_sale, partial(_sample, request, refusal, now))


def _said(refusal: Refusal) -> Mapping[str, Any]:
    return {} if isinstance(refusal.about, bytes) else refusal.about


def _days_of(keys: Collection[str], now: int) -> dict[str, tuple[str, date]]:
    """Return for each site key the site and the day under which its hits are counted. If a site has the key, this is
    (key, present day by the site's clock). Otherwise it is (UNKNOWN, present day in UTC). All keys are looked up
    together."""
    found = SITES.find_all([key for key in keys if KEY.fullmatch(key)])
    sites = {key: known.value for key, known in found.items() if known.value}
    days = dict.fromkeys(keys, (RefusedCount.UNKNOWN, date.fromordinal(local_day(now, "UTC"))))
    days |= {key: (key, date.fromordinal(local_day(now, one.timezone))) for key, one in sites.items()}
    return days


def _sample(request: HttpRequest, refusal: Refusal, now: int) -> Sample:
    return sample_of(
        refusal,
        at=iso(now),
        method=str(request.method),
        path=request.path,
        content_type=read_header(request, "CONTENT_TYPE"),
        origin=read_header(request, "HTTP_ORIGIN"),
    )
