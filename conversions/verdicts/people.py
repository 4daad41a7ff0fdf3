"""People: reads links through the store -> the person of each fact, and the visitors of each person. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from conversions.facts.person import ANY, NAMED, by_click, by_user, by_visitor, is_crowded, person_of, user_of
from conversions.facts.records import Adjustment, Conversion, Joined, Link, Touch, in_order
from conversions.store.linked import read_sets
from conversions.store.port import LINKS_AT_ONCE, FactReader, Moment, Span
from conversions.units.clock import FOR_EVER

Owned = Touch | Conversion


class People:
    """The persons of one site's facts. Each linked set is read once. If the site has no links, nothing more is read:
    each visitor is a person.

    A worker writes its facts before it asks whether the site has links. If it finds none, but another worker is just
    writing the first one, that worker sees these facts and marks what its link changes.
    """

    def __init__(self, store: FactReader, site: str) -> None:
        self._store = store
        self._site = site
        said = {one.key for one in store.read_linked(site, [ANY, NAMED])}
        self._has_links = ANY in said
        #: Whether any conversion of the site ever named a click.
        self.has_named = NAMED in said
        self._linked: dict[str, frozenset[str]] = {}
        self._crowded: set[str] = set()
        self._links: dict[str, list[Link]] = {}
        self._met: set[Owned] = set()

    def meet(self, facts: Iterable[Owned]) -> None:
        """Read the links that say who the persons of these facts are."""
        new = set(facts) - self._met if self._has_links else set()
        self._met |= new
        users = self._users({fact.visitor for fact in new})
        own = {fact.user for fact in new if fact.user}
        self._read_linked(by_user(user) for user in own.union(*users.values()))
        # Nearly every visitor has at most one user. All facts of the visitor are then this user's, whatever their time,
        # and one link stands for all.
        shared = [fact for fact in new if not fact.user and len(users[fact.visitor]) > 1]
        self._read_links(shared)
        for visitor, found in users.items():
            if len(found) == 1:
                self._links[visitor] = [Link(site=self._site, visitor=visitor, user=min(found), at=0, hit="")]

    def read_touches(self, newest: int, spans: Iterable[Span]) -> list[Touch]:
        """See FactReader. It also calls `meet` with the touches."""
        touches = self._store.read_touches(self._site, newest, spans)
        self.meet(touches)
        return touches

    def read_conversions(self, spans: Iterable[Span]) -> list[Conversion | Joined]:
        """See FactReader. It doesn't call `meet`."""
        return self._store.read_conversions(self._site, spans)

    def read_claims(self, claims: Collection[str]) -> dict[str, list[Conversion | Adjustment | Joined]]:
        """See FactReader; the rows are grouped by claim. Joined rows of crowded click ids are left out. It also calls
        `meet` with the conversions and the joined touches."""
        rows = self._store.read_claims(self._site, sorted(claims))
        crowded = self.crowded_clicks({row.conversion.click for row in rows if isinstance(row, Joined)})
        grouped: dict[str, list[Conversion | Adjustment | Joined]] = defaultdict(list)
        for row in rows:
            if not (isinstance(row, Joined) and row.conversion.click in crowded):
                grouped[row.claim].append(row)
        self.meet(owned(row) for rows in grouped.values() for row in rows if not isinstance(row, Adjustment))
        return grouped

    def of(self, fact: Owned) -> str:
        """The person of a fact with which `meet` was called."""
        if not self._has_links:
            return by_visitor(fact.visitor)
        return person_of(fact, self._links.get(fact.visitor, ()), self._crowded)

    def visitors(self, person: str) -> Collection[str]:
        """The visitors that may have facts of a person. Call `meet` with a fact of the person first."""
        return sorted(self._linked.get(person, ())) if user_of(person) else [person[2:]]

    def visitors_of_user(self, user: str) -> list[str]:
        """Every visitor that was ever linked to a user; none if the user is crowded."""
        key = by_user(user)
        self._read_linked([key] if self._has_links else [])
        return [] if key in self._crowded else sorted(self._linked.get(key, ()))

    def kin(self, visitors: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Each visitor with all visitors of all users to whom the visitor was ever linked, itself included.

        A new link takes facts away from the user of a link next to it. Nevertheless all users of the visitor are taken:
        another worker may be writing a link at the same time, and that link may lie between the new link and the link
        of the user who loses facts.
        """
        users = self._users(visitors) if self._has_links else {}
        self._read_linked(by_user(user) for found in users.values() for user in found)
        return {visitor: self._joined(visitor, users.get(visitor, ())) for visitor in visitors}

    def crowded(self, fact: Owned) -> set[str]:
        """Those among the fact's visitor, its user and all users of the visitor that are crowded, as persons. Call
        `meet` with the fact first."""
        alone = by_visitor(fact.visitor)
        return self._crowded & {alone, by_user(fact.user), *map(by_user, self._linked.get(alone, ()))}

    def crowded_clicks(self, clicks: Iterable[str]) -> set[str]:
        """Those of the click ids that too many conversions name. Such an id joins nobody."""
        keys = {click: by_click(click) for click in clicks}
        self._read_linked(keys.values())
        return {click for click, key in keys.items() if key in self._crowded}

    def _joined(self, visitor: str, users: Iterable[str]) -> frozenset[str]:
        keys = (by_user(user) for user in users)
        return frozenset([visitor]).union(*(self._linked[key] for key in keys if key not in self._crowded))

    def _users(self, visitors: Collection[str]) -> dict[str, frozenset[str]]:
        """The users of each visitor; none for a crowded visitor."""
        self._read_linked(by_visitor(visitor) for visitor in visitors)
        keys = {visitor: by_visitor(visitor) for visitor in visitors}
        return {visitor: frozenset() if key in self._crowded else self._linked[key] for visitor, key in keys.items()}

    def _read_linked(self, keys: Iterable[str]) -> None:
        sets = read_sets(self._store, self._site, set(keys) - self._linked.keys())
        self._linked |= sets
        self._crowded |= {key for key, linked in sets.items() if is_crowded(key, linked)}

    def _read_links(self, facts: Collection[Owned]) -> None:
        """Read the links that decide whose these facts are: for each fact the next link of its visitor, and for each
        visitor the last link."""
        found = [*read_next(self._store, self._site, facts), *self._read_last(facts)]
        for link in found:
            self._links.setdefault(link.visitor, []).append(link)
        for visitor in {link.visitor for link in found}:
            self._links[visitor] = in_order(set(self._links[visitor]))

    def _read_last(self, facts: Iterable[Owned]) -> list[Link]:
        return self._store.read_last_links(self._site, [Moment(one, FOR_EVER) for one in {f.visitor for f in facts}])


def owned(row: Conversion | Joined) -> Owned:
    """The fact whose person is a claimant: the conversion itself, or the touch of a joined row."""
    return row.touch if isinstance(row, Joined) else row


def read_next(store: FactReader, site: str, facts: Iterable[Owned]) -> Iterator[Link]:
    """Read the next link at or after each fact, and perhaps other links. The links of a visitor are read page by page.
    Pages without a link that a fact needs are skipped."""
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
