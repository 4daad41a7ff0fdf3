"""Port: the Store of facts, counters, cells and rejected hits, with the guarantees for its readers and writers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol, get_args

import msgspec

from conversions.facts.carried import CarriedKind
from conversions.facts.counts import Count
from conversions.facts.records import Adjustment, Conversion, Fact, Joined, Link, OrderKey, Touch, TouchKind, kind_of
from conversions.facts.rejected import RejectedHit
from conversions.rules.parts import UNDIVIDED, WHOLE, Part, Parts
from tracker.collection.failure import Transient

TimelineKind = Literal["touch", "conversion", "link"]
#: A kind of facts -> the kinds under which a timeline stores them. The newest touches of each stored kind can be read
#: separately.
STORED_KINDS: dict[TimelineKind, tuple[str, ...]] = {
    "touch": get_args(TouchKind),
    "conversion": ("conversion",),
    "link": ("link",),
}


def stored_kind(fact: Fact) -> str:
    """The kind under which a timeline has a fact. A joined row is among the conversions."""
    if isinstance(fact, Touch):
        return fact.kind
    return "conversion" if isinstance(fact, Joined) else kind_of(fact)


class StoreUnavailable(Transient):
    """The store can't be reached or didn't answer in time. A later try may succeed."""


class Span(msgspec.Struct, frozen=True):
    """An interval of one visitor's timeline. `since` and `until` are ms, both inclusive."""

    visitor: str
    since: int
    until: int


#: At most this many links of a visitor are read at once.
LINKS_AT_ONCE = 100


class Moment(msgspec.Struct, frozen=True):
    """An instant (ms) in one visitor's timeline."""

    visitor: str
    at: int


class Some(msgspec.Struct, frozen=True):
    """Conversions that were read. `is_cut`: whether there may be more that were not read."""

    rows: list[Conversion | Joined]
    is_cut: bool = False


#: A bounded read divides its bound among its statements. Each statement may read this many rows more than its share.
AT_LEAST = 200


class Linked(msgspec.Struct, frozen=True):
    """One member of a linked set: a visitor of a user, a user of a visitor, or the digest of a conversion that names a
    click. `conversions.facts.person` names the sets."""

    key: str
    other: str


class ClickSlice(msgspec.Struct, frozen=True):
    """The first `most` facts of one kind under a click id in an interval; with `last`, the last `most`. `since` and
    `until` are ms, both inclusive."""

    click: str
    kind: CarriedKind
    since: int
    until: int
    most: int
    last: bool = False


class Cell(msgspec.Struct, frozen=True):
    """The figures of the interval that begins at `start` (ms), as one value. All cells of a page are read together.

    `key` distinguishes cells of one model and start. If there is only one such cell, its `key` is empty.
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
    """The reads that verdicts on conversions need. Every method may raise StoreUnavailable."""

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """Read the last clicks of each span, and the last views, by `order_key`: `newest` of each kind. Each stored
        copy is returned once.

        More touches of the spans may be returned. The part of a timeline that is read is bounded, however long the
        timeline is.
        """

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """Read the conversions and the joined rows of the spans, each stored copy once."""

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment | Joined]:
        """Read every conversion, adjustment and joined row of the claims (`o:` order id, `c:` click id or `h:` hit id),
        each stored copy once."""

    def read_carried(self, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
        """Read the facts of each slice, the first or the last by `order_key`. At most `most` rows of a slice are
        read."""

    def read_linked(self, site: str, keys: Iterable[str]) -> list[Linked]:
        """Read the members of linked sets."""

    def read_next_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """Read the first LINKS_AT_ONCE links of each visitor at or after the visitor's moment, in order. A visitor may
        have only one moment."""

    def read_last_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """Read the last link of each visitor before the visitor's moment, if there is one. A visitor may have only one
        moment."""


class Store(FactReader, Protocol):
    """The store of facts, counters, cells and rejected hits.

    Facts: `add_facts` is idempotent by the fact's digest, and the facts are durable when it returns. To write facts
    again, all or some, in any order, changes nothing. A read that starts after a write has returned sees the write,
    from any process. Cells: of several writes of a cell, the one with the greatest token wins, in whatever order they
    come. If tokens are equal, any of the writes may win. Counters: a crash may lose or double increments. Counters are
    provisional. Every method may raise StoreUnavailable. In that case any part of a write may have happened.
    """

    def add_facts(self, facts: Sequence[Fact], parts: Mapping[str, Parts] = UNDIVIDED) -> None:
        """Write touches and conversions to timeline and ledger, conversions and adjustments to claims.

        Touches are also written under each click id that they carry, conversions under the click id that they name.
        Joined rows are written to the timeline of their touch's visitor and to their conversion's claim.

        `parts`: how many parts the buckets of each site have.

        Links are written to the timeline and into their sets. Conversions that name a click are also in the set of its
        id. A crowded set (see `conversions.facts.person`) gets no more members.
        """

    def read_some_conversions(self, site: str, most: int, spans: Iterable[Span]) -> Some:
        """Read the conversions of the spans; if there are more than `most`, some of them. The cost is bounded by `most`
        and by the number of visitors."""

    def read_some_claims(self, site: str, most: int, claims: Iterable[str]) -> Some:
        """Read the conversions of the claims; if there are more than `most`, some of them. The cost is bounded by
        `most` and by the number of claims."""

    def announce(self, site: str, keys: Iterable[str]) -> None:
        """Note in crowded sets that every bucket that their crowding may change has been marked."""

    def read_timeline(
        self, site: str, visitor: str, kind: TimelineKind, after: OrderKey, limit: int
    ) -> list[Touch | Conversion | Link | Joined]:
        """Read the first `limit` facts of one kind of a visitor after a position, by `order_key`. The kind
        `conversion` includes joined rows."""

    def read_bucket(self, site: str, bucket: int, part: Part = WHOLE) -> list[Touch | Conversion]:
        """Read a part of a bucket's ledger: every touch and conversion in it, each stored copy once.

        The part must be one of those into which the bucket was divided when its facts were written.
        """

    def find_hit(self, site: str, hit: str) -> list[Conversion]:
        """Find the conversions of a hit, under any claim. For support, not for the hot path."""

    def write_cells(self, sets: Iterable[CellSet]) -> None:
        """Write cells, each set under its token. The cells are durable when it returns."""

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """Read the cells of these models and pages."""

    def add_counts(self, counts: Iterable[Count]) -> None:
        """Add to live counters."""

    def read_counts(self, site: str, bucket: int) -> list[Count]:
        """Read the live counters of a bucket."""

    def write_rejected(self, hits: Sequence[RejectedHit], daily_cap: int) -> None:
        """List rejected hits, each (site, hit, code, field) once. Hits above a site's daily cap are only counted."""

    def read_rejected(self, site: str, since: int, until: int, limit: int) -> list[RejectedHit]:
        """Read the rejected hits with `since` <= at < `until`, newest first."""

    def read_rejected_counts(self, site: str, since: int, until: int) -> Mapping[str, int]:
        """Count the rejected hits by reason code, those above the cap included. The counts are approximate."""

    def prepare(self) -> None:
        """Make the tables that are missing. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the store works. Raises StoreUnavailable otherwise."""
