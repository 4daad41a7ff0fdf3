"""Touch: a hit -> its click or view, with the campaign parameters. Pure."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from conversions.facts.parameters import NAMES, read_parameters
from conversions.facts.records import Touch, TouchKind
from conversions.rules.ads import CLICK_IDS, UTM_TAGS
from tracker.collection.hit import Hit

#: A utm tag has at most this many characters. A longer one is cut, because tags become names of ads in reports.
MAX_TAG = 200
#: A click id has at most this many characters. TikTok's have some 500.
MAX_CLICK_ID = 1_024
#: A click keeps at most this many other parameters, and this many characters of each value.
MAX_OTHERS, MAX_OTHER = 20, 500
#: Finds the addresses that may have campaign parameters. The parameters of other addresses need not be read.
_ANY = re.compile("|".join(name.replace("utm_source", "utm_") for name in NAMES), re.IGNORECASE)


def campaign_parameters(url: str) -> dict[str, Any]:
    """Read the fields of a touch from an address: the utm tags by their short names, the network and its click id, and
    the click ids of other networks."""
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
    """Return a click id as touches keep it: whole if it is short enough. A longer one is cut and ends in its digest,
    because the ids of one network begin alike."""
    if len(value) <= MAX_CLICK_ID:
        return value
    return value[: MAX_CLICK_ID - 32] + blake2b(value.encode(errors="replace"), digest_size=16).hexdigest()


def other_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first MAX_OTHERS parameters that are neither utm tags, click ids nor the tracker's own. An affiliate
    network's are such parameters."""
    others: dict[str, str] = {}
    for name, value in pairs:
        if name not in NAMES.values() and len(others) < MAX_OTHERS and 0 < len(name) <= MAX_TAG:
            others.setdefault(name, value[:MAX_OTHER])
    return others


def touch_kind(hit: Hit, parameters: dict[str, Any]) -> TouchKind | None:
    """Say whether a hit is a click or a view; None if it is neither. The type of a click or a view says it. A page is a
    click if its address has campaign parameters, unless it only carries them on from the page before."""
    if hit.type == "click" or hit.type == "view":
        return hit.type
    return "click" if hit.type == "page" and parameters and not carries_on(hit, parameters) else None


def carries_on(hit: Hit, parameters: dict[str, Any]) -> bool:
    """Say whether the page before was on the same host and had the same campaign parameters. Both pages then belong to
    one click: single-page applications keep these parameters in later addresses."""
    return hit.ref.split("/")[2:3] == hit.url.split("/")[2:3] and campaign_parameters(hit.ref) == parameters


def touch_of(hit: Hit) -> Touch | None:
    """Make the touch of a hit; None if the hit makes none."""
    if hit.type not in ("page", "click", "view"):
        return None
    parameters = campaign_parameters(hit.url)
    kind = touch_kind(hit, parameters)
    if kind is None:
        return None
    ad = hit.ad if hit.type != "page" else ""
    # The other parameters of a `/click` link are in the hit's props. Props of other hits are not kept.
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
