"""Timeline: one visitor's facts in order of time, page by page, and what is told of each. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

from conversions.explain.explain import parameters_of, sent
from conversions.facts.ad_names import name_touch
from conversions.facts.person import user_of
from conversions.facts.records import Conversion, Link, OrderKey, Touch, conversion_id, order_key
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.verdicts.people import People
from tracker.collection.hit import iso


def read_timeline(
    store: Store, site: str, visitor: str, after: OrderKey, limit: int
) -> tuple[list[Touch | Conversion | Link], OrderKey | None]:
    """The visitor's next facts, every stored copy; and where the next page begins, None after the last."""
    touches = store.read_timeline(site, visitor, "touch", after, limit + 1)
    conversions = store.read_timeline(site, visitor, "conversion", after, limit + 1)
    links = store.read_timeline(site, visitor, "link", after, limit + 1)
    facts = sorted([*touches, *conversions, *links], key=order_key)
    return facts[:limit], order_key(facts[limit - 1]) if len(facts) > limit else None


def meet(store: Store, site: str, facts: Iterable[Touch | Conversion | Link]) -> People:
    """Whose these facts are."""
    people = People(store, site)
    people.meet(fact for fact in facts if not isinstance(fact, Link))
    return people


def tell_fact(
    fact: Touch | Conversion | Link, site: SiteConfig, people: People, archive_key: Callable[[str], str | None]
) -> dict[str, Any]:
    """A fact as it is stored, with its person's user; whether it counts is told by the conversion of its `id`."""
    source = {"batch": fact.batch or None, "archive_key": archive_key(fact.batch)}
    told = {"at": iso(fact.at), "hit": fact.hit}
    if isinstance(fact, Link):
        return {**told, "kind": "link", "user": fact.user, **source}
    own = _conversion(fact, site) if isinstance(fact, Conversion) else _touch(fact, site)
    return {**told, **own, "user": user_of(people.of(fact)) or None, **source}


def _touch(touch: Touch, site: SiteConfig) -> dict[str, Any]:
    name = name_touch(touch, site.ads)
    return {
        "kind": touch.kind,
        "ad": name.ad,
        "campaign": name.campaign,
        "configured": name.configured,
        "parameters": parameters_of(touch),
    }


def _conversion(conversion: Conversion, site: SiteConfig) -> dict[str, Any]:
    goal = site.goal(conversion.goal)
    return {
        "kind": "conversion",
        "id": conversion_id(site.key, conversion.goal, conversion.claim),
        "goal": {"key": goal.key if goal else None, "version": conversion.version},
        "order": conversion.order or None,
        "sent": sent(conversion),
    }
