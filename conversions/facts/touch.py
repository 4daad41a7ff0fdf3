"""Touch: a hit -> the click or view that it is, with its campaign parameters. Pure."""

from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

from conversions.facts.records import Touch, TouchKind
from conversions.rules.ads import CLICK_IDS, UTM_TAGS
from tracker.collection.hit import Hit

#: The longest utm tag. A longer one is cut, because tags become names of ads in reports.
MAX_TAG = 200


def campaign_parameters(url: str) -> dict[str, str]:
    """The utm tags (by their short names), the network and the click id that an address has."""
    if "utm_" not in url and not any(name in url for name in CLICK_IDS):
        return {}
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return {}
    found = {}
    for name, value in reversed(pairs):  # The first of several counts.
        if name.startswith("utm_") and name[4:] in UTM_TAGS:
            found[name[4:]] = value[:MAX_TAG]
        elif name in CLICK_IDS:
            found["network"], found["click_id"] = name, click_id_of(value)
    return found


def click_id_of(value: str) -> str:
    """A click id as it is kept. A long one ends in its digest, because the ids of one network begin alike."""
    if len(value) <= MAX_TAG:
        return value
    return value[: MAX_TAG - 32] + blake2b(value.encode(errors="replace"), digest_size=16).hexdigest()


def touch_kind(hit: Hit, parameters: dict[str, str]) -> TouchKind | None:
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
    return Touch(site=hit.site, visitor=hit.visitor, kind=kind, at=hit.at, hit=hit.id, ad=ad, **parameters)  # type: ignore[arg-type]
