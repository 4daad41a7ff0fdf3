"""Linked: facts -> how the linked sets (a user's visitors, a visitor's users, a click id's conversions) are read, grow
and become crowded."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from conversions.facts.person import ANNOUNCED, by_click, by_user, is_crowded, pairs_of, user_of
from conversions.facts.records import Fact
from conversions.store.port import FactReader


def read_sets(store: FactReader, site: str, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """Read the members of sets, by the sets' keys."""
    found: dict[str, set[str]] = {key: set() for key in keys}
    for one in store.read_linked(site, sorted(keys)) if keys else ():
        found[one.key].add(one.other)
    return {key: frozenset(linked) for key, linked in found.items()}


def members_to_add(store: FactReader, facts: Collection[Fact]) -> list[tuple[str, str, str]]:
    """The members that the facts add to sets: site, the set's key, member.

    A crowded set gets no more members. Nothing needs them, and strangers could make the set grow without end.
    """
    members: set[tuple[str, str, str]] = set()
    by_site: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fact in facts:
        if added := pairs_of(fact):
            by_site[fact.site].extend(added)
    for site, pairs in by_site.items():
        sets = read_sets(store, site, {key for key, _ in pairs})
        members |= {(site, key, other) for key, other in pairs if not is_crowded(key, sets[key])}
    return sorted(members)


def newly_crowded(store: FactReader, site: str, facts: Iterable[Fact]) -> dict[str, frozenset[str]]:
    """The sets that the facts add to, if they are crowded and not announced yet, by key.

    The caller marks the figures of each such set's members, and then announces the set. If several workers find a set
    before it is announced, each of them marks. An announced set needs no more marks: it was crowded before its members
    were marked, and each rollup after these marks sees that it is crowded.
    """
    keys = {key for fact in facts for key, _ in pairs_of(fact)}
    sets = read_sets(store, site, keys)
    return {key: linked for key, linked in sets.items() if is_crowded(key, linked) and ANNOUNCED not in linked}


def members_of(store: FactReader, site: str, crowded: Mapping[str, frozenset[str]]) -> set[str]:
    """The visitors whose facts may belong to another person since these sets are crowded. Of a user's set they are the
    user's visitors. Of a visitor's set they are the visitor and all visitors of the visitor's users."""
    visitors = {key for key in crowded if key.startswith("v:")}
    users = {by_user(user) for key in visitors for user in crowded[key]}
    own = (linked for key, linked in crowded.items() if user_of(key))
    theirs = (linked for key, linked in read_sets(store, site, users).items() if not is_crowded(key, linked))
    return {key[2:] for key in visitors}.union(*own, *theirs)


def crowded_clicks(store: FactReader, site: str, clicks: Iterable[str]) -> set[str]:
    """Those of the click ids that are crowded."""
    sets = read_sets(store, site, {by_click(click) for click in clicks})
    return {key[2:] for key, linked in sets.items() if is_crowded(key, linked)}
