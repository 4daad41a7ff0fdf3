"""Linked: reads and extends the linked sets: the visitors of a user, the users of a visitor, and the conversions that
name a click id. This module also finds the sets that become crowded (too large)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from conversions.facts.person import ANNOUNCED, by_click, by_user, is_crowded, linked_pairs, user_of
from conversions.facts.records import Fact
from conversions.store.port import FactReader


def read_sets(store: FactReader, site: str, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """Read linked sets, for example the visitors of a user. Returns the key of each set -> its members: `{"u:anna":
    {"visitor 1", "visitor 2"}}`."""
    found: dict[str, set[str]] = {key: set() for key in keys}
    for one in store.read_linked(site, sorted(keys)) if keys else ():
        found[one.key].add(one.other)
    return {key: frozenset(linked) for key, linked in found.items()}


def members_to_add(store: FactReader, facts: Collection[Fact]) -> list[tuple[str, str, str]]:
    """List what new facts add to linked sets, as (site, key of the set, member). A link, for example, adds its visitor
    to the set of its user.

    A crowded set (one that is too large) gets no more members: they would have no effect, and anybody could make the
    set grow without end.
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
    """Return the linked sets that became crowded (too large) by these facts, as key -> members. Sets that are already
    noted as crowded in the store are left out.

    The caller first marks the hours whose figures change. Then the caller calls `Store.announce`, which notes the sets
    as crowded. Until a set is noted, every worker that finds it marks the hours. Later no marks are needed, because
    every later rollup reads that the set is crowded.
    """
    keys = {key for fact in facts for key, _ in linked_pairs(fact)}
    sets = read_sets(store, site, keys)
    return {key: linked for key, linked in sets.items() if is_crowded(key, linked) and ANNOUNCED not in linked}


def crowd_visitors(store: FactReader, site: str, crowded: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the visitors whose facts may belong to another person because these linked sets became too large.
    `crowded`: key of the set -> members.

    If the set of a user is too large, these are the user's visitors. If the set of a visitor is too large, these are
    the visitor and all visitors of its users.
    """
    visitors = {key for key in crowded if key.startswith("v:")}
    users = {by_user(user) for key in visitors for user in crowded[key]}
    own = (linked for key, linked in crowded.items() if user_of(key))
    theirs = (linked for key, linked in read_sets(store, site, users).items() if not is_crowded(key, linked))
    return {key[2:] for key in visitors}.union(*own, *theirs)


def crowded_clicks(store: FactReader, site: str, clicks: Iterable[str]) -> set[str]:
    """Return the crowded ones of these click ids: those that too many conversions name. A crowded click id no longer
    leads a conversion to a person."""
    sets = read_sets(store, site, {by_click(click) for click in clicks})
    return {key[2:] for key, linked in sets.items() if is_crowded(key, linked)}
