"""Sites: a site's key or an ingest token -> whose it is and how many hits a second it may send, from a short cache."""

import msgspec
from django.conf import settings

from tracker.lookup import Bounded, Cached
from tracker.models import Site, Token


class SiteEntry(msgspec.Struct, frozen=True):
    """What collection needs to know of a site."""

    account: int
    hits_per_second: int


class TokenEntry(msgspec.Struct, frozen=True):
    """What collection needs to know of an ingest token."""

    account: int
    hits_per_second: int


def look_up_site(key: str) -> SiteEntry | None:
    """The site of a public key. Raises django.db.Error."""
    row = Site.objects.filter(key=key).values_list("account_id", "hits_per_second").first()
    return SiteEntry(*row) if row else None


def look_up_token(secret: str) -> TokenEntry | None:
    """The valid ingest token of a secret. Raises django.db.Error."""
    token = Token.find(secret, Token.Kind.INGEST)
    return TokenEntry(token.account_id, token.account.hits_per_second) if token else None


SITES: Cached[SiteEntry] = Cached(Bounded(look_up_site), settings.SITE_CACHE_SECONDS)
TOKENS: Cached[TokenEntry] = Cached(Bounded(look_up_token), settings.SITE_CACHE_SECONDS)
