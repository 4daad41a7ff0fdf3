"""Rejected: a hit that is no fact, or has a field that can't be read -> the row that `/api/rejected` lists, with the
reason. Pure."""

import msgspec

from conversions.rules.reasons import RejectedCode
from tracker.collection.hit import Hit, encode_hits

#: At most this many characters of a rejected hit are kept. The archive has all of it.
MAX_BODY = 4_000


class RejectedHit(msgspec.Struct, frozen=True, kw_only=True):
    """A hit that was accepted but is no fact, or that counts without a field that can't be read. `code` is the
    reason."""

    site: str
    at: int
    hit: str
    code: RejectedCode
    field: str = ""
    detail: str = ""
    batch: str = ""
    body: str = ""


def rejected_hit(hit: Hit, batch: str, code: RejectedCode, field: str, detail: str) -> RejectedHit:
    """Make the row of a rejected hit."""
    body = encode_hits([hit]).decode()[:MAX_BODY]
    return RejectedHit(
        site=hit.site, at=hit.at, hit=hit.id, code=code, field=field, detail=detail[:300], batch=batch, body=body
    )
