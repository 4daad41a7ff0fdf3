"""Site cache: the caches in which collection finds sites by their keys, and ingest tokens by their secrets."""

from collections.abc import Collection

import msgspec
from django.conf import settings

from tracker.collection.collect import SiteEntry
from tracker.lookup import Bounded, Cached, look_up_each
from tracker.models import Site, Token


class TokenEntry(msgspec.Struct, frozen=True):
    """What collection needs to know of an ingest token: the id of its account, and the account's limit of hits a
    second."""

    account: int
    hits_per_second: int


def look_up_sites(keys: Collection[str]) -> dict[str, SiteEntry]:
    """Read the settings of the sites with these public keys: key -> SiteEntry. Raises django.db.Error."""
    return {
        site.key: SiteEntry(
            account=site.account_id,
            hits_per_second=site.hits_per_second,
            timezone=site.timezone,
            currency=site.currency,
            open_adjustments=site.open_adjustments,
            denied=tuple(site.denied_signals),
            secret=site.click_secret,
            postback_sha256=site.postback_sha256,
            postback_networks=tuple(site.postback_networks),
            postback_statuses=dict(site.postback_statuses),
        )
        for site in Site.objects.filter(key__in=keys)
    }


def look_up_token(secret: str) -> TokenEntry | None:
    """Read the ingest token with this secret; None if there is none, or if it was revoked. Raises django.db.Error."""
    token = Token.find(secret, Token.Kind.INGEST)
    return TokenEntry(token.account_id, token.account.hits_per_second) if token else None


SITES: Cached[SiteEntry] = Cached(Bounded(look_up_sites), settings.SITE_CACHE_SECONDS)
TOKENS: Cached[TokenEntry] = Cached(Bounded(look_up_each(look_up_token)), settings.SITE_CACHE_SECONDS)
