"""Linked: reads and extends the linked sets: a user's visitors, a visitor's users, a click id's conversions. Finds the
sets that become crowded (too large)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from conversions.facts.person import ANNOUNCED, by_click, by_user, is_crowded, linked_pairs, user_of
from conversions.facts.records import Fact
from conversions.store.port import FactReader


def read_sets(store: FactReader, site: str, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """Read linked sets, such as the visitors of a user. Returns key of the set -> its members."""
    found: dict[str, set[str]] = {key: set() for key in keys}
    for one in store.read_linked(site, sorted(keys)) if keys else ():
        found[one.key].add(one.other)
    return {key: frozenset(linked) for key, linked in found.items()}


def members_to_add(store: FactReader, facts: Collection[Fact]) -> list[tuple[str, str, str]]:
    """List the members that new facts add to linked sets, as (site, key of the set, member).

    A crowded set (one that is too large) gets no more members. They have no effect, and anybody could make the set grow
    without end.
    """
    members: set[tuple[str, str, str]] = set()
    by_site: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fact in facts:
        if added := linked_pairs(fact):
            by_site[fact.site].extend(added)
    for site, pairs in by_site.items():
        sets = read_sets(store, site, {key for key, _ in pairs})
        members |= {(site, key, other) for key, other in pairs if not is_crowded(key, sets[key])}
    return sorted(members)


def newly_crowded(store: FactReader, site: str, facts: Iterable[Fact]) -> dict[str, frozenset[str]]:
    """Return the linked sets that became too large (crowded) by these facts, and are not announced yet. Returns key ->
    members.

    The caller marks what this changes, and then announces the set. Several workers may find the same set before it is
    announced; then each of them marks. An announced set needs no more marks: all rollups after the marks know that it
    is crowded.
    """
    keys = {key for fact in facts for key, _ in linked_pairs(fact)}
    sets = read_sets(store, site, keys)
    return {key: linked for key, linked in sets.items() if is_crowded(key, linked) and ANNOUNCED not in linked}


def crowd_visitors(store: FactReader, site: str, crowded: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the visitors whose facts may belong to another person because these linked sets became too large.

    If a user is crowded, these are the user's visitors. If a visitor is crowded, they are the visitor and all visitors
    of the visitor's users.
    """
    visitors = {key for key in crowded if key.startswith("v:")}
    users = {by_user(user) for key in visitors for user in crowded[key]}
    own = (linked for key, linked in crowded.items() if user_of(key))
    theirs = (linked for key, linked in read_sets(store, site, users).items() if not is_crowded(key, linked))
    return {key[2:] for key in visitors}.union(*own, *theirs)


def crowded_clicks(store: FactReader, site: str, clicks: Iterable[str]) -> set[str]:
    """Return the click ids that too many conversions name."""
    sets = read_sets(store, site, {by_click(click) for click in clicks})
    return {key[2:] for key, linked in sets.items() if is_crowded(key, linked)}
