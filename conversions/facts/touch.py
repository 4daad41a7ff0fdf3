"""Touch: makes the click or view of a hit, with the campaign parameters of its URL. Pure."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from conversions.facts.parameters import NAMES, read_parameters
from conversions.facts.records import Touch, TouchKind
from conversions.rules.ads import CLICK_IDS, UTM_TAGS
from tracker.collection.hit import Hit

#: A utm tag is cut to this many characters, because tags become names of ads in reports.
MAX_TAG = 200
#: A click id is shortened to this many characters. TikTok's click ids have about 500.
MAX_CLICK_ID = 1_024
#: A click keeps at most this many custom parameters, and this many characters of each value.
MAX_OTHERS, MAX_OTHER = 20, 500
#: Finds URLs that may have campaign parameters. Other URLs need not be parsed.
_ANY = re.compile("|".join(name.replace("utm_source", "utm_") for name in NAMES), re.IGNORECASE)


def campaign_parameters(url: str) -> dict[str, Any]:
    """Read the campaign parameters of a URL as fields of a Touch: utm tags, the first click id, and further click ids.

    Example: `?utm_source=x&gclid=1` gives `{"source": "x", "network": "gclid", "click_id": "1"}`.
    """
    if not _ANY.search(url):
        return {}
    found: dict[str, Any] = {}
    ids: dict[str, str] = {}
    for name, value in read_parameters(url):  # Of several parameters with one name the first counts.
        if name.startswith("utm_") and name[4:] in UTM_TAGS:
            found.setdefault(name[4:], value[:MAX_TAG])
        elif name in CLICK_IDS:
            ids.setdefault(name, click_id_of(value))
    if ids:
        found["network"] = first = next(iter(ids))
        found["click_id"] = ids.pop(first)
    return {**found, "other_ids": tuple(ids.items())} if ids else found


def click_id_of(value: str) -> str:
    """Shorten a click id for a touch. If the id is longer than MAX_CLICK_ID, it is cut, and a digest of the whole id
    replaces its end. The digest is needed because all click ids of a network may begin with the same characters."""
    if len(value) <= MAX_CLICK_ID:
        return value
    return value[: MAX_CLICK_ID - 32] + blake2b(value.encode(errors="replace"), digest_size=16).hexdigest()


def custom_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first MAX_OTHERS custom parameters of an ad's link, such as `sub1` of an affiliate network. Utm tags,
    click ids and the tracker's own parameters are left out."""
    others: dict[str, str] = {}
    for name, value in pairs:
        if name not in NAMES.values() and len(others) < MAX_OTHERS and 0 < len(name) <= MAX_TAG:
            others.setdefault(name, value[:MAX_OTHER])
    return others


def touch_kind(hit: Hit, parameters: dict[str, Any]) -> TouchKind | None:
    """Return whether a hit is a click or a view; None if it is neither. `parameters`: the campaign parameters of the
    hit's URL.

    A page is a click if its URL has campaign parameters, unless it continues the click of the page before; see
    `carries_on`.
    """
    if hit.type == "click" or hit.type == "view":
        return hit.type
    return "click" if hit.type == "page" and parameters and not carries_on(hit, parameters) else None


def carries_on(hit: Hit, parameters: dict[str, Any]) -> bool:
    """Whether a page has the same host and the same campaign parameters as the page before it. If so, both pages belong
    to one click, because single-page applications keep these parameters in the URL."""
    return hit.ref.split("/")[2:3] == hit.url.split("/")[2:3] and campaign_parameters(hit.ref) == parameters


def make_touch(hit: Hit) -> Touch | None:
    """Make the touch of a page, click or view hit. None if no ad led to the hit."""
    if hit.type not in ("page", "click", "view"):
        return None
    parameters = campaign_parameters(hit.url)
    kind = touch_kind(hit, parameters)
    if kind is None:
        return None
    ad = hit.ad if hit.type != "page" else ""
    # `/click` puts the custom parameters of its link into the hit's props. The props of other hits are not kept.
    others = tuple(hit.props.items()) if hit.type == "click" else ()
    return Touch(
        site=hit.site,
        visitor=hit.visitor,
        kind=kind,
        at=hit.at,
        hit=hit.id,
        ad=ad,
        others=others,
        issued=hit.issued,
        **parameters,
    )
