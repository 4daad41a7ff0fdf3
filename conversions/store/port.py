"""Port: the interface of the store, and what the store guarantees. The store has facts, counters, cells (stored
figures) and rejected hits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol, get_args

import msgspec

from conversions.facts.click_ids import ClickRowKind
from conversions.facts.counts import Count
from conversions.facts.records import Adjustment, Conversion, Fact, Joined, Link, OrderKey, Touch, TouchKind, kind_of
from conversions.facts.rejected import RejectedHit
from conversions.rules.parts import UNDIVIDED, WHOLE, Part, Parts
from tracker.collection.failure import Transient

TimelineKind = Literal["touch", "conversion", "link"]
#: A kind of facts -> the kinds of rows as which a timeline stores them. Clicks and views are two kinds of rows, because
#: the newest clicks and the newest views are read separately.
STORED_KINDS: dict[TimelineKind, tuple[str, ...]] = {
    "touch": get_args(TouchKind),
    "conversion": ("conversion",),
    "link": ("link",),
}


def stored_kind(fact: Fact) -> str:
    """Return the kind under which a fact is stored in a timeline. A touch is stored as `click` or `view`, a joined row
    as `conversion`."""
    if isinstance(fact, Touch):
        return fact.kind
    return "conversion" if isinstance(fact, Joined) else kind_of(fact)


class StoreUnavailable(Transient):
    """Raised if the store can't be reached or doesn't answer in time. A later attempt may succeed."""


class Span(msgspec.Struct, frozen=True):
    """A span of time in one visitor's timeline. `since`, `until`: ms, both included."""

    visitor: str
    since: int
    until: int


#: A read returns at most this many links of a visitor.
LINKS_AT_ONCE = 100


class Moment(msgspec.Struct, frozen=True):
    """An instant (ms) in one visitor's timeline."""

    visitor: str
    at: int


class BoundedRows(msgspec.Struct, frozen=True):
    """The conversions that a read with a limit found. `is_cut`: whether the store may have more of them."""

    rows: list[Conversion | Joined]
    is_cut: bool = False


#: A read with a limit divides the limit among its statements. Each statement may return this many rows more than its
#: share.
AT_LEAST = 200


class Linked(msgspec.Struct, frozen=True):
    """One member of a linked set. Example: `key` is `u:anna` and `other` is a visitor who named the user anna.
    `conversions.facts.person` lists the kinds of sets."""

    key: str
    other: str


class ClickSlice(msgspec.Struct, frozen=True):
    """Which facts to read under a click id: the first `most` facts of a kind in a span of time (ms, both ends
    included). If `last` is true, the last `most` facts are read."""

    click: str
    kind: ClickRowKind
    since: int
    until: int
    most: int
    last: bool = False


class Cell(msgspec.Struct, frozen=True):
    """Figures that are stored as one value. `start`: the instant (ms) at which the hour, day or month of the figures
    begins. `page`: all cells with the same page are read together.

    `key`: distinguishes several cells with the same model and start; empty if there is only one.
    """

    start: int
    page: str
    key: str
    model: str
    body: bytes


class CellSet(msgspec.Struct, frozen=True):
    """The cells (stored figures) of a site that are written under one token. A token is a number. If a cell is written
    several times, the greatest token wins."""

    site: str
    token: int
    cells: Sequence[Cell]


class FactReader(Protocol):
    """The methods of the store that are needed to decide which conversions count. Every method may raise
    StoreUnavailable."""

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """Read the newest touches of each span: the last `newest` clicks and the last `newest` views by `order_key`.

        Each stored copy of a hit is returned once. The result may also have other touches of the visitors' spans. Only
        a bounded part of a timeline is read, however long the timeline is.
        """

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """Read the conversions in spans of visitors' timelines: the visitors' own conversions, and conversions that
        name a click of one of the visitors. Each stored copy is returned once."""

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment | Joined]:
        """Read all conversions, adjustments and joined rows with these dedupe keys: `o:ORDER`, `c:CLICK_ID` or
        `h:HIT_ID`. Each stored copy is returned once."""

    def read_by_click_id(self, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
        """Read the facts of each slice: the first or the last `most` facts under a click id, by `order_key`. See
        ClickSlice."""

    def read_linked(self, site: str, keys: Iterable[str]) -> list[Linked]:
        """Read all members of the linked sets with these keys.

        `u:USER` is the set of the user's visitors. `v:VISITOR` is the set of the visitor's users. `c:CLICK_ID` is the
        set of the conversions that name the click id.
        """

    def read_next_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """Read the first links of each visitor at or after its moment, in order, at most LINKS_AT_ONCE of each visitor.
        `moments` has each visitor at most once."""

    def read_last_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """Read the last link of each visitor before its moment, if there is one. `moments` has each visitor at most
        once."""


class Store(FactReader, Protocol):
    """The store of facts, counters, cells and rejected hits. Every method may raise StoreUnavailable. If a write raises
    it, any part of the write may be stored.

    Facts: when `add_facts` returns, the facts are durable, and every later read in any process sees them. Writing the
    same facts again, in any order, changes nothing: a fact is identified by its digest. Cells: if a cell is written
    several times, the write with the greatest token wins, in whatever order the writes come. If two writes have the
    same token, either of them may win. Counters: they are approximate, because a crash may lose or double increments.
    """

    def add_facts(self, facts: Sequence[Fact], parts: Mapping[str, Parts] = UNDIVIDED) -> None:
        """Write facts. `parts`: how many parts the buckets of each site have.

        - Touches and conversions go to the timeline of their visitor and to the ledger of their bucket.
        - Conversions and adjustments go to their claims.
        - Touches are also stored under each of their click ids, conversions under the click id that they name.
        - Joined rows go to the timeline of the touch's visitor and to the conversion's claim.
        - Links go to the timeline, and their members to the linked sets. Conversions that name a click go to the set of
          the click id. A crowded set (see `conversions.facts.person`) gets no more members.
        """

    def read_some_conversions(self, site: str, most: int, spans: Iterable[Span]) -> BoundedRows:
        """Read the conversions in spans of visitors' timelines. If there are more than `most`, some are left out. The
        cost depends only on `most` and on the number of visitors."""

    def read_some_claims(self, site: str, most: int, claims: Iterable[str]) -> BoundedRows:
        """Read the conversions with these dedupe keys. If there are more than `most`, some are left out. The cost
        depends only on `most` and on the number of keys."""

    def announce(self, site: str, keys: Iterable[str]) -> None:
        """Note in the store that the linked sets with these keys are crowded (too large). Before the call, the caller
        marks the hours whose figures change. After the call, `newly_crowded` no longer returns these sets."""

    def read_timeline(
        self, site: str, visitor: str, kind: TimelineKind, after: OrderKey, limit: int
    ) -> list[Touch | Conversion | Link | Joined]:
        """Read the first `limit` facts of a kind in a visitor's timeline after the position `after`, by `order_key`.

        The kind `conversion` includes the conversions that name a click of the visitor.
        """

    def read_bucket(self, site: str, bucket: int, part: Part = WHOLE) -> list[Touch | Conversion]:
        """Read the touches and conversions of a part of a bucket. Each stored copy is returned once.

        The bucket must have been divided into `part.number` parts when its facts were written.
        """

    def find_hit(self, site: str, hit: str) -> list[Conversion]:
        """Find the conversions with this hit id. The search may be slow. Only support searches by hit ids."""

    def write_cells(self, sets: Iterable[CellSet]) -> None:
        """Write cells (stored figures). Each set is written under its own token. When the call returns, the cells are
        durable."""

    def read_cells(self, site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        """Read all cells (stored figures) of these models on these pages."""

    def add_counts(self, counts: Iterable[Count]) -> None:
        """Add each increment to its live counter."""

    def read_counts(self, site: str, bucket: int) -> list[Count]:
        """Read the live counters of a bucket (an hour), each with its present number."""

    def write_rejected(self, hits: Sequence[RejectedHit], daily_cap: int) -> None:
        """Write rejected hits for `/api/rejected`. Hits with the same site, hit id, code and field are one entry. If a
        site has more than `daily_cap` on a day, further hits are only counted."""

    def read_rejected(self, site: str, since: int, until: int, limit: int) -> list[RejectedHit]:
        """Read the rejected hits with `since` <= at < `until` (ms), the newest first."""

    def read_rejected_counts(self, site: str, since: int, until: int) -> Mapping[str, int]:
        """Count the rejected hits by reason code, including those that were only counted because of the daily cap. The
        counts are approximate."""

    def prepare(self) -> None:
        """Make the tables that are missing. The call may be repeated at any time."""

    def check(self) -> None:
        """Check quickly whether the store works. Raises StoreUnavailable if it doesn't."""
