"""Touch: a hit -> the click or view that it is, with its campaign parameters. Pure."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from conversions.facts.parameters import NAMES, read_parameters
from conversions.facts.records import Touch, TouchKind
from conversions.rules.ads import CLICK_IDS, UTM_TAGS
from tracker.collection.hit import Hit

#: The longest utm tag. A longer one is cut, because tags become names of ads in reports.
MAX_TAG = 200
#: The longest click id. TikTok's have some 500 characters.
MAX_CLICK_ID = 1_024
#: The most other parameters that a click keeps, and the most characters of each value.
MAX_OTHERS, MAX_OTHER = 20, 500
#: What an address of an ad has.
_ANY = re.compile("|".join(name.replace("utm_source", "utm_") for name in NAMES), re.IGNORECASE)


def campaign_parameters(url: str) -> dict[str, Any]:
    """The fields of a touch that an address gives: the utm tags by their short names, the network and its click id,
    and the click ids of other networks."""
    if not _ANY.search(url):
        return {}
    found: dict[str, Any] = {}
    ids: dict[str, str] = {}
    for name, value in read_parameters(url):  # The first of several with one name counts.
        if name.startswith("utm_") and name[4:] in UTM_TAGS:
            found.setdefault(name[4:], value[:MAX_TAG])
        elif name in CLICK_IDS:
            ids.setdefault(name, click_id_of(value))
    if ids:
        found["network"] = first = next(iter(ids))
        found["click_id"] = ids.pop(first)
    return {**found, "other_ids": tuple(ids.items())} if ids else found


def click_id_of(value: str) -> str:
    """A click id as it is kept, whole if it can be. A longer one ends in its digest, because the ids of one network
    begin alike."""
    if len(value) <= MAX_CLICK_ID:
        return value
    return value[: MAX_CLICK_ID - 32] + blake2b(value.encode(errors="replace"), digest_size=16).hexdigest()


def other_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first MAX_OTHERS parameters that are neither a utm tag nor a click id, such as an affiliate network's."""
    others: dict[str, str] = {}
    for name, value in pairs:
        if name not in NAMES.values() and len(others) < MAX_OTHERS and 0 < len(name) <= MAX_TAG:
            others.setdefault(name, value[:MAX_OTHER])
    return others


def touch_kind(hit: Hit, parameters: dict[str, Any]) -> TouchKind | None:
    """Whether a hit is a click or a view: by its type, or as a page whose address has campaign parameters."""
    if hit.type == "click" or hit.type == "view":
        return hit.type
    return "click" if hit.type == "page" and parameters else None


def touch_of(hit: Hit) -> Touch | None:
    """The touch that a hit makes, None if it makes none."""
    if hit.type not in ("page", "click", "view"):
        return None
    parameters = campaign_parameters(hit.url)
    kind = touch_kind(hit, parameters)
    if kind is None:
        return None
    ad = hit.ad if hit.type != "page" else ""
    # What `/click` was given beside; other hits keep their props to themselves.
    others = tuple(hit.props.items()) if hit.type == "click" else ()
    return Touch(
        site=hit.site, visitor=hit.visitor, kind=kind, at=hit.at, hit=hit.id, ad=ad, others=others, **parameters
    )
