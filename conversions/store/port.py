"""The Store port: where facts, counters and rollups live, and what its readers and writers may rely on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol, get_args

import msgspec

from conversions.facts.counts import Count
from conversions.facts.records import Adjustment, Conversion, Fact, Link, OrderKey, Touch, TouchKind
from conversions.facts.rejected import RejectedHit
from tracker.collection.failure import Transient

TimelineKind = Literal["touch", "conversion", "link"]
#: What a timeline's facts of a kind are stored as: of each kind of touch the newest can be read for itself.
STORED_KINDS: dict[TimelineKind, tuple[str, ...]] = {
    "touch": get_args(TouchKind),
    "conversion": ("conversion",),
    "link": ("link",),
}


class StoreUnavailable(Transient):
    """The store can't be reached or didn't answer in time. Trying again later may help."""


class Span(msgspec.Struct, frozen=True):
    """A stretch of one visitor's timeline; `since` and `until` are ms, both inclusive."""

    visitor: str
    since: int
    until: int


#: So many links of a visitor are read at once.
LINKS_AT_ONCE = 100


class Moment(msgspec.Struct, frozen=True):
    """An instant (ms) of one visitor."""

    visitor: str
    at: int


class Linked(msgspec.Struct, frozen=True):
    """One member of a set: a visitor of a user, or a user of a visitor. `conversions.facts.person` names the sets."""

    key: str
    other: str


class Cell(msgspec.Struct, frozen=True):
    """Figures as one value: of what begins at `start` (ms), on the page of those that are read at once.

    `key`: which of several of one model and start, empty where there is one.
    """

    start: int
    page: str
    key: str
    model: str
    body: bytes


class CellSet(msgspec.Struct, frozen=True):
    """Cells of one site that are written under one token."""

    site: str
    token: int
    cells: Sequence[Cell]


class FactReader(Protocol):
    """What deciding about conversions reads. Every method may raise StoreUnavailable."""

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """Of each span the newest clicks and the newest views, so many of each by `order_key`, each stored copy once.

        There may be more of the spans than that, but however long a timeline is, a bounded part of it is read.
        """

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion]:
        """The conversions of the spans, each stored copy once."""

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment]:
        """Every conversion and adjustment of the claims (`o:` order id or `h:` hit id), each stored copy once."""

    def read_linked(self, site: str, keys: Iterable[str]) -> list[Linked]:
        """The members of sets of links."""

    def read_next_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """Of each visitor, named once, the first LINKS_AT_ONCE links at or after the instant, in order."""

    def read_last_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """Of each visitor, named once, the last link before the instant, if it has any."""


class Store(FactReader, Protocol):
    """Facts, counters, rollups and rejected hits.

    Facts: `add_facts` is idempotent by the fact's digest and durable when it returns; repeating it, wholly or in part,
    in any order, changes nothing. A read that starts after a write has returned sees the write, from any process.
    Cells: of several writes of one cell the one with the greatest token stays, whatever their order; equal tokens:
    either one. Counters: increments may be lost or doubled by a crash; they are provisional.
    Every method may raise StoreUnavailable, after which any part of a write may have happened.
    """

    def add_facts(self, facts: Sequence[Fact]) -> None:
        """Write touches and conversions to timeline and ledger, conversions and adjustments to claims.

        Links go to the timeline and into their sets; a crowded one (see `conversions.facts.person`)
        takes no more members.
        """

    def announce(self, site: str, keys: Iterable[str]) -> None:
        """Note in crowded sets that what they may change was marked."""

    def read_timeline(
        self, site: str, visitor: str, kind: TimelineKind, after: OrderKey, limit: int
    ) -> list[Touch | Conversion | Link]:
        """The first of one visitor's touches, conversions or links after a place, by `order_key`. For support."""

    def read_bucket(self, site: str, bucket: int) -> list[Touch | Conversion]:
        """The ledger of a bucket: every touch and conversion in it, each stored copy once."""

    def find_hit(self, site: str, hit: str) -> list[Conversion]:
        """The conversions that a hit made, whatever their claim. For support, not for the hot path."""

    def write_cells(self, sets: Iterable[CellSet]) -> None:
        """Write cells, each set under its token; durable when it returns."""

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """The cells of these models and pages."""

    def add_counts(self, counts: Iterable[Count]) -> None:
        """Add to live counters."""

    def read_counts(self, site: str, bucket: int) -> list[Count]:
        """The live counters of a bucket."""

    def write_rejected(self, hits: Sequence[RejectedHit], daily_cap: int) -> None:
        """List hits as rejected, each (site, hit, code, field) once; above the daily cap of a site only count them."""

    def read_rejected(self, site: str, since: int, until: int, limit: int) -> list[RejectedHit]:
        """The rejected hits with `since` <= at < `until`, newest first."""

    def read_rejected_counts(self, site: str, since: int, until: int) -> Mapping[str, int]:
        """How many by reason code, the ones above the cap included; approximate."""

    def prepare(self) -> None:
        """Make the tables that are missing. Safe to repeat."""

    def check(self) -> None:
        """Answer quickly if the store works; StoreUnavailable if not."""
