"""Beside: facts in memory, read together with those of a store as if they were in it. Nothing is written. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from conversions.facts import Adjustment, Conversion, Fact, Touch, digest
from conversions.store.port import FactReader, Span


class Beside:
    """A store's facts and some more. Of touches the store's alone: a hit's touch depends on no goal, so it is there."""

    def __init__(self, store: FactReader) -> None:
        self._store = store
        self._claims: dict[str, dict[str, Conversion | Adjustment]] = defaultdict(dict)
        self._visitors: dict[str, dict[str, Conversion]] = defaultdict(dict)
        self.conversions: dict[str, Conversion] = {}

    def add(self, facts: Iterable[Fact]) -> None:
        """More facts, those of one site."""
        for fact in facts:
            key = digest(fact)
            if not isinstance(fact, Touch):
                self._claims[fact.claim][key] = fact
            if isinstance(fact, Conversion):
                self.conversions[key] = self._visitors[fact.visitor][key] = fact

    def read_touches(self, site: str, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """See FactReader."""
        return self._store.read_touches(site, newest, spans)

    def read_conversions(self, site: str, spans: Iterable[Span]) -> list[Conversion]:
        """See FactReader."""
        wanted = list(spans)
        found = {digest(fact): fact for fact in self._store.read_conversions(site, wanted)}
        for span in wanted:
            mine = self._visitors.get(span.visitor, {})
            found |= {key: fact for key, fact in mine.items() if span.since <= fact.at <= span.until}
        return list(found.values())

    def read_claims(self, site: str, claims: Iterable[str]) -> list[Conversion | Adjustment]:
        """See FactReader."""
        wanted = sorted(set(claims))
        found = {digest(fact): fact for fact in self._store.read_claims(site, wanted)}
        for claim in wanted:
            found |= self._claims.get(claim, {})
        return list(found.values())
