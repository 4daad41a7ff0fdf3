"""Addresses: the parameters of a page's URL that a touch keeps. Rules: `docs/models.md`, Facts."""

import re
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

CLICK_IDS = (
    *("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid", "rdt_cid", "epik"),
    *("ob_click_id", "tblci", "ScCid", "yclid"),
)
UTM_TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
LOOKED_FOR = {name.lower(): name for name in (*UTM_TAGS, *CLICK_IDS, "hl_ad", "hl_click")}


def read_all(url: str) -> list[tuple[str, str]]:
    """Return all parameters of a URL, in order."""
    behind = re.split("[?#&]", url, maxsplit=1)[1:]
    text = re.sub("&(amp;|#38;)+", "&", "".join(behind)).replace("#", "&")
    for name in LOOKED_FOR:
        text = re.sub(f"[?;]((amp;)*{name}=)", r"&\1", text, flags=re.IGNORECASE)
    pairs = parse_qsl("&".join(text.split("&")[:200]))
    return [(LOOKED_FOR.get(plain(name).lower(), plain(name)), value) for name, value in pairs]


def plain(name: str) -> str:
    """Remove a `?` or `amp;` from the start of a parameter's name; it belongs to the separator before it."""
    return re.sub("^(amp;)+", "", name.removeprefix("?"))


def parameters_of(url: str) -> dict[str, Any]:
    """Return the utm tags and click ids of a URL. Of several with one name, the first counts."""
    found: dict[str, Any] = {}
    ids: dict[str, str] = {}
    for name, value in read_all(url):
        if name in UTM_TAGS:
            found.setdefault(name.removeprefix("utm_"), value[:200])
        elif name in CLICK_IDS:
            ids.setdefault(name, shortened(value))
    for network, click_id in list(ids.items())[:1]:
        found |= {"network": network, "click_id": click_id}
    return {**found, "other_ids": tuple(list(ids.items())[1:])} if len(ids) > 1 else found


def others_of(url: str) -> tuple[tuple[str, str], ...]:
    """Return the other parameters that a landing page's touch keeps."""
    found: dict[str, str] = {}
    for name, value in read_all(url):
        if name not in LOOKED_FOR.values() and 0 < len(name) <= 200 and (name in found or len(found) < 20):
            found.setdefault(name, value[:500])
    return tuple(found.items())


def shortened(click_id: str) -> str:
    """Return a click id. If it is very long, it is cut and ends with a digest of the whole."""
    digest = blake2b(click_id.encode(), digest_size=16).hexdigest()
    return click_id if len(click_id) <= 1024 else click_id[:992] + digest


def named(click_id: str) -> str:
    """Return a click id as conversions name it. A long one is cut and ends with a digest of the whole."""
    kept = shortened(click_id)
    return kept if len(kept) <= 200 else kept[:168] + blake2b(kept.encode(), digest_size=16).hexdigest()
