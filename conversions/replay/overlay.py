"""Overlay: reads a store as if it had further conversions and adjustments, which are only in memory. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from conversions.facts.person import linked_pairs
from conversions.facts.records import Adjustment, Conversion, Fact, Joined, Link, Touch, digest
from conversions.store.port import ClickSlice, FactReader, Linked, Moment, Span
from conversions.verdicts.joined import join_first


class Overlay:
    """A FactReader that reads a store, and further conversions and adjustments in memory. Nothing is written.

    Touches and links come from the store alone, because they don't depend on goals.
    """

    def __init__(self, store: FactReader) -> None:
        self._store = store
        self._claims: dict[str, dict[str, Conversion | Adjustment | Joined]] = defaultdict(dict)
        self._visitors: dict[str, dict[str, Conversion | Joined]] = defaultdict(dict)
        self._sets: dict[str, set[str]] = defaultdict(set)
        self.conversions: dict[str, Conversion] = {}
        #: The currencies of the facts in memory. An empty text is the site's currency.
        self.currencies: set[str] = set()

    def add(self, facts: Iterable[Fact]) -> None:
        """Add facts of one site. Touches and links are ignored."""
        for fact in facts:
            key = digest(fact)
            if isinstance(fact, Conversion | Adjustment):
                self._claims[fact.claim][key] = fact
                self.currencies.add(fact.currency)
            if isinstance(fact, Conversion):
                self.conversions[key] = self._visitors[fact.visitor][key] = fact
                for name, member in linked_pairs(fact):
                    self._sets[name].add(member)

    def join(self, site: str) -> None:
        """Join the conversions in memory with the touches of the clicks that they name, as a worker would. Call it
        after all facts are added."""
        named = [row for row in self.conversions.values() if row.click]
        for row in join_first(self._store, site, named):
            key = digest(row)
            self._claims[row.claim][key] = self._visitors[row.visitor][key] = row

    def read_by_click_id(self, site: str, slices: Iterable[ClickSlice]) -> list[Touch | Conversion]:
        """See FactReader."""
        return self._store.read_by_click_id(site, slices)

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """See FactReader."""
        return self._store.read_touches(site, newest, spans)

    def read_linked(self, site: str, keys: Iterable[str]) -> list[Linked]:
        """See FactReader. The sets of click ids also have the conversions in memory as members."""
        wanted = set(keys)
        mine = (Linked(key, one) for key in wanted & self._sets.keys() for one in self._sets[key])
        return [*self._store.read_linked(site, wanted), *mine]

    def read_next_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """See FactReader."""
        return self._store.read_next_links(site, moments)

    def read_last_links(self, site: str, moments: Iterable[Moment]) -> list[Link]:
        """See FactReader."""
        return self._store.read_last_links(site, moments)

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """See FactReader."""
        wanted = list(spans)
        found = {digest(fact): fact for fact in self._store.read_conversions(site, wanted)}
        for span in wanted:
            mine = self._visitors.get(span.visitor, {})
            found |= {key: fact for key, fact in mine.items() if span.since <= fact.at <= span.until}
        return list(found.values())

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment | Joined]:
        """See FactReader."""
        wanted = sorted(set(claims))
        found = {digest(fact): fact for fact in self._store.read_claims(site, wanted)}
        for claim in wanted:
            found |= self._claims.get(claim, {})
        return list(found.values())
