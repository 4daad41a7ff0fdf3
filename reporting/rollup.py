"""Roll up: marked buckets -> exact figures, written under the mark's token. What beat does each minute.

The order of the steps is what makes it right: note the token, read the configuration uncached, read the facts, write
every cell under the token, mark the fits of the bucket's month, remove the mark only if its token is still the noted
one.
"""

import logging
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Protocol

from conversions.facts.records import Conversion, Touch
from conversions.marks.marks import WHOLE_SITE, Mark
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import month_of
from conversions.verdicts.cases import read_cases
from conversions.verdicts.fits import may_need_fits, month_before, read_learnt
from reporting.attempts import Attempts
from reporting.figures.figures import figures

logger = logging.getLogger(__name__)


class MarkStore(Protocol):
    """Where marks are kept: `conversions.marks.marks`."""

    def mark_buckets(self, site: str, buckets: Iterable[int]) -> None:
        """Mark buckets under a new token."""

    def open_marks(self, site: str | None = None) -> list[Mark]:
        """The marks to roll up, those of whole sites first."""

    def known_buckets(self, site: str) -> list[int]:
        """Every bucket of a site that was ever marked."""

    def note_try(self, mark: Mark) -> None:
        """Note that a rollup of the bucket begins."""

    def close_mark(self, mark: Mark) -> bool:
        """Remove a mark, if its token is still the noted one."""

    def mark_fits(self, site: str, month: str) -> None:
        """Mark the fits of a month under a new token."""


class Roller:
    """Rolls up with the store, the marks and the uncached reader of configuration that it is given."""

    def __init__(
        self,
        store: Store,
        marks: MarkStore,
        load_site: Callable[[str], SiteConfig | None],
        frozen_before: Callable[[], int],
    ) -> None:
        self.store = store
        self.marks = marks
        self.load_site = load_site
        self.frozen_before = frozen_before
        self.attempts = Attempts()

    def expand(self, site: str | None = None) -> None:
        """Turn the marks of whole sites into marks of each of their unfrozen buckets."""
        limit = self.frozen_before()
        for mark in self.marks.open_marks(site):
            if mark.bucket != WHOLE_SITE:
                break
            buckets = [bucket for bucket in self.marks.known_buckets(mark.site) if bucket >= limit]
            self.marks.mark_buckets(mark.site, buckets)
            self.marks.close_mark(mark)

    def marked(self, site: str | None = None) -> list[Mark]:
        """The buckets to roll up now: by turns the one that was tried longest ago, and the newest.

        The newest, so that a year that is recounted for one site holds up no one's today. The other, so that none waits
        for ever, however few a tick can do and however many are marked again meanwhile.
        """
        self.expand(site)
        marks = [mark for mark in self.marks.open_marks(site) if mark.bucket != WHOLE_SITE]
        newest = sorted(marks, key=lambda mark: (-mark.bucket, mark.tried))
        waiting = sorted(newest, key=lambda mark: mark.tried)
        return list(dict.fromkeys(chain.from_iterable(zip(waiting, newest, strict=True))))

    def attempt(self, mark: Mark) -> bool:
        """Roll up one bucket so that one which can't be holds up no other; see Attempts.

        Raises what concerns every bucket: an outage of the services.
        """
        self.marks.note_try(mark)
        return self.attempts.make(
            lambda: self.roll_up(mark), f"site {mark.site}: bucket {mark.bucket} can't be rolled up"
        )

    def roll_up(self, mark: Mark) -> bool:
        """Roll up one bucket; gives whether its mark could be removed. The mark holds the noted token."""
        if mark.bucket < self.frozen_before():
            logger.warning("site %s: the mark on frozen bucket %d is dropped", mark.site, mark.bucket)
            return self.marks.close_mark(mark)
        site = self.load_site(mark.site)
        if site is not None:
            self._write(site, mark)
            # Before the mark is closed: who dies here does it again.
            self.marks.mark_fits(site.key, month_of(mark.bucket, site.timezone))
        return self.marks.close_mark(mark)

    def _write(self, site: SiteConfig, mark: Mark) -> None:
        facts = self.store.read_bucket(site.key, mark.bucket)
        conversions = [fact for fact in facts if isinstance(fact, Conversion)]
        touches = [fact for fact in facts if isinstance(fact, Touch)]
        cases = read_cases(self.store, site, conversions) if conversions else []
        # After the mark was noted, as all that is read: fits that change later mark the bucket again.
        learnt = read_learnt(self.store, site, month_before(mark.bucket, site)) if may_need_fits(cases) else {}
        self.store.write_cells(site.key, mark.token, figures(site, mark.bucket, touches, cases, learnt))
