"""Linked: the sets of links, which visitors a user has and which users a visitor, as they are read and grow."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from conversions.facts.person import ANNOUNCED, by_user, is_crowded, pairs_of, user_of
from conversions.facts.records import Fact, Link
from conversions.store.port import FactReader


def read_sets(store: FactReader, site: str, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """The members of sets, by their keys."""
    found: dict[str, set[str]] = {key: set() for key in keys}
    for one in store.read_linked(site, sorted(keys)) if keys else ():
        found[one.key].add(one.other)
    return {key: frozenset(linked) for key, linked in found.items()}


def members_to_add(store: FactReader, facts: Iterable[Fact]) -> list[tuple[str, str, str]]:
    """Site, key and new member of each set that the links among facts are in.

    A crowded set takes no more: who is in it, nobody asks any more, and strangers could make it grow.
    """
    members: set[tuple[str, str, str]] = set()
    by_site: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Link):
            by_site[fact.site].extend(pairs_of(fact))
    for site, pairs in by_site.items():
        sets = read_sets(store, site, {key for key, _ in pairs})
        members |= {(site, key, other) for key, other in pairs if not is_crowded(key, sets[key])}
    return sorted(members)


def newly_crowded(store: FactReader, site: str, facts: Iterable[Fact]) -> dict[str, frozenset[str]]:
    """The sets of the links among facts that have become too large, by their keys: what they held must be marked, once.

    Every worker that finds such a set before it is announced marks it. One that finds it announced has nothing to do:
    who announced it had seen the set too large, so what it marked holds against every rollup that had not.
    """
    keys = {key for fact in facts if isinstance(fact, Link) for key, _ in pairs_of(fact)}
    sets = read_sets(store, site, keys)
    return {key: linked for key, linked in sets.items() if is_crowded(key, linked) and ANNOUNCED not in linked}


def members_of(store: FactReader, site: str, crowded: Mapping[str, frozenset[str]]) -> set[str]:
    """Every visitor whose figures such sets had a part in: a user's visitors; a visitor, and those of its users."""
    users = {by_user(user) for key, linked in crowded.items() if not user_of(key) for user in linked}
    own = (linked for key, linked in crowded.items() if user_of(key))
    theirs = (linked for key, linked in read_sets(store, site, users).items() if not is_crowded(key, linked))
    return {key[2:] for key in crowded if not user_of(key)}.union(*own, *theirs)
