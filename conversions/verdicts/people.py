"""People: finds the person of each fact and the visitors of each person, by the stored links. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from conversions.facts.person import ANY, NAMED, by_click, by_user, by_visitor, is_crowded, person_of, user_of
from conversions.facts.records import Adjustment, Conversion, Joined, Link, Touch, in_order
from conversions.store.linked import read_sets
from conversions.store.port import LINKS_AT_ONCE, FactReader, Moment, Span
from conversions.units.clock import FOR_EVER

Owned = Touch | Conversion


class People:
    """Finds to which person each fact of a site belongs. Each linked set (the visitors of a user, or the users of a
    visitor) is read once.

    If the site has no links, no linked set of visitors is read, and each visitor is a person. Another worker may write
    the first link at the same time. This is safe: each worker writes its facts before it looks for links. The other
    worker then sees these facts and marks what its link changes.
    """

    def __init__(self, store: FactReader, site: str) -> None:
        self._store = store
        self._site = site
        said = {one.key for one in store.read_linked(site, [ANY, NAMED])}
        self._has_links = ANY in said
        #: Whether a conversion of the site has ever named a click.
        self.has_named = NAMED in said
        self._linked: dict[str, frozenset[str]] = {}
        self._crowded: set[str] = set()
        self._links: dict[str, list[Link]] = {}
        self._met: set[Owned] = set()

    def read_links_of(self, facts: Iterable[Owned]) -> None:
        """Read the links that decide to which persons these facts belong. Call it before `of`."""
        new = set(facts) - self._met if self._has_links else set()
        self._met |= new
        users = self._users({fact.visitor for fact in new})
        own = {fact.user for fact in new if fact.user}
        self._read_linked(by_user(user) for user in own.union(*users.values()))
        # Nearly every visitor has at most one user. Then all facts of the visitor belong to this user, at any time, and
        # one link is enough.
        shared = [fact for fact in new if not fact.user and len(users[fact.visitor]) > 1]
        self._read_links(shared)
        for visitor, found in users.items():
            if len(found) == 1:
                self._links[visitor] = [Link(site=self._site, visitor=visitor, user=min(found), at=0, hit="")]

    def read_touches(self, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """Read touches, and the links that decide to whom they belong. For the parameters see
        `FactReader.read_touches`."""
        touches = self._store.read_touches(self._site, newest, spans)
        self.read_links_of(touches)
        return touches

    def read_conversions(self, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """Read conversions; see `FactReader.read_conversions`. The links of their visitors are not read. Call
        `read_links_of` with the conversions before `of`."""
        return self._store.read_conversions(self._site, spans)

    def read_claims(self, claims: Collection[str]) -> dict[str, list[Conversion | Adjustment | Joined]]:
        """Read all rows with these dedupe keys (claims), and the links that decide to whom they belong. Returns claim
        -> rows; see `FactReader.read_claims`.

        If a conversion names a crowded click id, its joined rows are left out.
        """
        rows = self._store.read_claims(self._site, sorted(claims))
        crowded = self.crowded_clicks({row.conversion.click for row in rows if isinstance(row, Joined)})
        grouped: dict[str, list[Conversion | Adjustment | Joined]] = defaultdict(list)
        for row in rows:
            if not (isinstance(row, Joined) and row.conversion.click in crowded):
                grouped[row.claim].append(row)
        self.read_links_of(
            claimant_fact(row) for rows in grouped.values() for row in rows if not isinstance(row, Adjustment)
        )
        return grouped

    def of(self, fact: Owned) -> str:
        """Return the person of a fact. Call `read_links_of` with the fact first."""
        if not self._has_links:
            return by_visitor(fact.visitor)
        return person_of(fact, self._links.get(fact.visitor, ()), self._crowded)

    def visitors(self, person: str) -> Collection[str]:
        """List the visitors that may have facts of a person. For a user, these are all visitors of the user. For a
        visitor without a user, it is this visitor. Call `read_links_of` with a fact of the person first."""
        return sorted(self._linked.get(person, ())) if user_of(person) else [person[2:]]

    def visitors_of_user(self, user: str) -> list[str]:
        """List every visitor that was ever linked to a user. Empty if the user is crowded (shared by too many
        visitors)."""
        key = by_user(user)
        self._read_linked([key] if self._has_links else [])
        return [] if key in self._crowded else sorted(self._linked.get(key, ()))

    def kin(self, visitors: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Return for each visitor all visitors that may be the same person: the visitor itself, and every visitor of
        each of its users.

        A new link changes to whom the facts near it in time belong. Only the users of the neighbouring links get or
        lose these facts. Nevertheless the visitors of all users are returned: another worker may write a link at the
        same time, and that link may become a neighbour of the new one.
        """
        users = self._users(visitors) if self._has_links else {}
        self._read_linked(by_user(user) for found in users.values() for user in found)
        return {visitor: self._joined(visitor, users.get(visitor, ())) for visitor in visitors}

    def crowded(self, fact: Owned) -> set[str]:
        """Return the crowded persons (shared by too many) among these: the fact's visitor, the fact's user, and all
        users of the visitor. Call `read_links_of` with the fact first."""
        alone = by_visitor(fact.visitor)
        return self._crowded & {alone, by_user(fact.user), *map(by_user, self._linked.get(alone, ()))}

    def crowded_clicks(self, clicks: Iterable[str]) -> set[str]:
        """Return the crowded ones of these click ids: those that too many conversions name. A crowded click id leads no
        conversion to a person."""
        keys = {click: by_click(click) for click in clicks}
        self._read_linked(keys.values())
        return {click for click, key in keys.items() if key in self._crowded}

    def _joined(self, visitor: str, users: Iterable[str]) -> frozenset[str]:
        keys = (by_user(user) for user in users)
        return frozenset([visitor]).union(*(self._linked[key] for key in keys if key not in self._crowded))

    def _users(self, visitors: Collection[str]) -> dict[str, frozenset[str]]:
        """Return the users of each visitor. A crowded visitor (one with too many users) has none."""
        self._read_linked(by_visitor(visitor) for visitor in visitors)
        keys = {visitor: by_visitor(visitor) for visitor in visitors}
        return {visitor: frozenset() if key in self._crowded else self._linked[key] for visitor, key in keys.items()}

    def _read_linked(self, keys: Iterable[str]) -> None:
        sets = read_sets(self._store, self._site, set(keys) - self._linked.keys())
        self._linked |= sets
        self._crowded |= {key for key, linked in sets.items() if is_crowded(key, linked)}

    def _read_links(self, facts: Collection[Owned]) -> None:
        """Read the links that decide to whom these facts belong: the next link after each fact, and the last link of
        each visitor."""
        found = [*read_next(self._store, self._site, facts), *self._read_last(facts)]
        for link in found:
            self._links.setdefault(link.visitor, []).append(link)
        for visitor in {link.visitor for link in found}:
            self._links[visitor] = in_order(set(self._links[visitor]))

    def _read_last(self, facts: Iterable[Owned]) -> list[Link]:
        return self._store.read_last_links(self._site, [Moment(one, FOR_EVER) for one in {f.visitor for f in facts}])


def claimant_fact(row: Conversion | Joined) -> Owned:
    """Return the fact that decides to whom a stored conversion belongs. For a joined row, this is the touch of the
    click. Otherwise it is the conversion itself."""
    return row.touch if isinstance(row, Joined) else row


def read_next(store: FactReader, site: str, facts: Iterable[Owned]) -> Iterator[Link]:
    """Read for each fact the first link of its visitor at or after the fact. The result may also have other links of
    these visitors.

    A visitor's links are read page by page. Pages that no fact needs are skipped.
    """
    asked: Mapping[str, list[int]] = defaultdict(list)
    for fact in facts:
        asked[fact.visitor].append(fact.at)
    while asked:
        links = store.read_next_links(site, [Moment(visitor, min(times)) for visitor, times in asked.items()])
        yield from links
        pages: Mapping[str, list[int]] = defaultdict(list)
        for link in links:
            pages[link.visitor].append(link.at)
        full = {visitor: max(page) for visitor, page in pages.items() if len(page) >= LINKS_AT_ONCE}
        asked = {
            visitor: later for visitor, end in full.items() if (later := [at for at in asked[visitor] if at > end])
        }
