"""Admission: a request's hits -> those of known sites, if the sender is not over its rate."""

from collections import Counter
from math import ceil

import msgspec

from tracker.bearer import read_bearer
from tracker.collection.collect import Collected, own_stand_in
from tracker.collection.consent import respect
from tracker.collection.refusal import Refusal
from tracker.incoming import SALT
from tracker.lookup import Found
from tracker.rate_limit import RateLimit
from tracker.site_cache import SITES, TOKENS, SiteEntry, TokenEntry

RATES = RateLimit()


class TooFast(Refusal):
    """The sender is over its rate."""

    def __init__(self, wait: float) -> None:
        super().__init__(429, "rate_limited", "Too many hits a second; send this again later.")
        self.retry_after = max(ceil(wait), 1)


class CantCheck(Refusal):
    """The token can't be looked up now, and its rights are unknown."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__(503, "unavailable", "The token can't be checked now; send this again.")


def read_token(authorization: str) -> TokenEntry | None:
    """The ingest token of a request; None if it has no bearer token. Raises Refusal."""
    secret = read_bearer(authorization)
    if secret is None:
        return None
    found = TOKENS.find(secret) if secret else Found[TokenEntry](None)
    if found.value:
        return found.value
    raise Refusal(401, "bad_token", "This is no valid ingest token.") if found.checked else CantCheck()


def admit(collected: Collected, token: TokenEntry | None) -> None:
    """Refuse hits of unknown sites, note those that could not be checked, keep of each what consent allows.

    Raises TooFast.
    """
    sites = SITES.find_all({hit.site for hit in collected.hits.values()})
    for index, hit in list(collected.hits.items()):
        if _is_unknown(sites[hit.site], token):
            collected.reject(index, Refusal(404, "unknown_site", "No site has this key.", "site"))
        elif not sites[hit.site].checked:
            hit = collected.hits[index] = msgspec.structs.replace(hit, unchecked=True)
        site = sites[hit.site].value
        if hit.consent or (site and site.denied):
            collected.hits[index] = respect(hit, site.denied if site else (), own_stand_in(hit, SALT))
    _hold_to_rate(collected, sites, token)


def _is_unknown(site: Found[SiteEntry], token: TokenEntry | None) -> bool:
    """Whether no site is known to have the key, or only a site of another account than the token's."""
    if site.value is None:
        return site.checked
    return token is not None and token.account != site.value.account


def _hold_to_rate(collected: Collected, sites: dict[str, Found[SiteEntry]], token: TokenEntry | None) -> None:
    if token:
        _take(f"account {token.account}", len(collected.hits), token.hits_per_second)
        return
    for key, hits in Counter(hit.site for hit in collected.hits.values()).items():
        site = sites[key].value
        _take(key, hits, site.hits_per_second if site else 0)


def _take(sender: str, hits: int, per_second: int) -> None:
    wait = RATES.take(sender, hits, per_second)
    if wait:
        raise TooFast(wait)
