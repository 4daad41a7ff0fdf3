"""Admission: checks the ingest token of a request with hits, and whether its sender sends too many hits a second."""

from collections import Counter
from math import ceil

from tracker.bearer import read_bearer
from tracker.collection.collect import Collected
from tracker.collection.known import Known
from tracker.collection.refusal import Refusal
from tracker.rate_limit import RateLimit
from tracker.site_cache import TOKENS, TokenEntry

RATES = RateLimit()


class TooFast(Refusal):
    """The refusal (429) of hits from a sender that sends too many a second. The sender may try again after
    `retry_after` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(429, "rate_limited", "Too many hits a second; send this again later.")
        self.retry_after = max(ceil(wait), 1)


class CantCheck(Refusal):
    """The refusal (503) of a request whose token can't be checked: the token is not in the cache, and the database is
    away."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__(503, "unavailable", "The token can't be checked now; send this again.")


def read_token(authorization: str) -> TokenEntry | None:
    """Return the account and the rate limit of the ingest token in the header Authorization; None if the header has no
    bearer token. Raises Refusal if the token isn't valid, or can't be checked now."""
    secret = read_bearer(authorization)
    if secret is None:
        return None
    found = TOKENS.find(secret) if secret else Known[TokenEntry](None)
    if found.value:
        return found.value
    raise Refusal(401, "bad_token", "This is no valid ingest token.") if found.checked else CantCheck()


def check_rate(collected: Collected, token: TokenEntry | None) -> None:
    """Count the hits of a request against the limit of hits a second. With a token, the limit is that of the token's
    account. Without a token, the hits of each site count against the site's limit. Raises TooFast if a limit is
    exceeded."""
    if token:
        _take(f"account {token.account}", len(collected.hits), token.hits_per_second)
        return
    for key, hits in hits_by_site(collected).items():
        site = collected.sites[key].value
        _take(key, hits, site.hits_per_second if site else 0)


def hits_by_site(collected: Collected) -> dict[str, int]:
    """Count the accepted hits of a request by site: site key -> number."""
    if len(collected.sites) == 1:
        return dict.fromkeys(collected.sites, len(collected.hits))
    return Counter(hit.site for hit in collected.hits.values())


def _take(sender: str, hits: int, per_second: int) -> None:
    wait = RATES.take(sender, hits, per_second)
    if wait:
        raise TooFast(wait)
