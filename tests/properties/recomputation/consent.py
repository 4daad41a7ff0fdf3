"""Consent: removes from a hit what identifies its person, if the consent denies it. Rules: `docs/models.md`, Facts."""

import hmac
import re
from dataclasses import replace

from tests.properties.recomputation.records import Hit

IDENTIFYING = ("gclid", "fbclid", "hl_click")


def respected(hit: Hit, salt: bytes) -> Hit:
    """Return a hit as it is stored. Without `analytics_storage` it gets a unique visitor and loses its click ids."""
    if hit.consent.get("analytics_storage") != "denied":
        return hit
    nobody = hmac.digest(salt, f"{hit.site}\nhit\n{hit.id}".encode(), "sha256").hex()[:32]
    url, ref = (re.sub(rf"({'|'.join(IDENTIFYING)})=[^?&;#]*", "", address) for address in (hit.url, hit.ref))
    props = {} if hit.type == "click" else hit.props
    return replace(hit, visitor=nobody, user="", ip="", ua="", url=url, ref=ref, click="", props=props)
