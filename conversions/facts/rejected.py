"""Rejected: makes the rows of `/api/rejected` from accepted hits. These hits don't count, or count without a field that
can't be read. Pure."""

import msgspec

from conversions.rules.reasons import RejectedCode
from tracker.collection.hit import Hit, encode_hits

#: This many characters of a rejected hit are stored. The archive has the whole hit.
MAX_BODY = 4_000


class RejectedHit(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted hit that doesn't count, or that counts without a field that can't be read. `code`: the reason.
    `body`: the hit as JSON; only its beginning if it is long."""

    site: str
    at: int
    hit: str
    code: RejectedCode
    field: str = ""
    detail: str = ""
    batch: str = ""
    body: str = ""


def rejected_hit(hit: Hit, batch: str, code: RejectedCode, field: str, detail: str) -> RejectedHit:
    """Make the row of a rejected hit. `code`: the reason. `field`: the field of the hit that caused it. `detail`: the
    reason in words."""
    body = encode_hits([hit]).decode()[:MAX_BODY]
    return RejectedHit(
        site=hit.site, at=hit.at, hit=hit.id, code=code, field=field, detail=detail[:300], batch=batch, body=body
    )
