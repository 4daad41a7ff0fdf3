"""Timeline: one visitor's touches and conversions in order of time, page by page, and what is told of each. Pure."""

from collections.abc import Callable
from typing import Any

from conversions.explain import parameters_of, sent
from conversions.facts import Conversion, OrderKey, Touch, conversion_id, order_key
from conversions.site import SiteConfig
from conversions.store.port import Store
from conversions.touch import name_touch
from tracker.hit import iso


def read_timeline(
    store: Store, site: str, visitor: str, after: OrderKey, limit: int
) -> tuple[list[Touch | Conversion], OrderKey | None]:
    """The visitor's next facts, every stored copy; and where the next page begins, None after the last."""
    touches = store.read_timeline(site, visitor, "touch", after, limit + 1)
    conversions = store.read_timeline(site, visitor, "conversion", after, limit + 1)
    facts = sorted([*touches, *conversions], key=order_key)
    return facts[:limit], order_key(facts[limit - 1]) if len(facts) > limit else None


def tell_fact(fact: Touch | Conversion, site: SiteConfig, archive_key: Callable[[str], str | None]) -> dict[str, Any]:
    """A fact as it is stored; whether it counts is told by the conversion of its `id`."""
    own = _conversion(fact, site) if isinstance(fact, Conversion) else _touch(fact, site)
    source = {"batch": fact.batch or None, "archive_key": archive_key(fact.batch)}
    return {"at": iso(fact.at), "hit": fact.hit, **own, **source}


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
