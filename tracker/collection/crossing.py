"""Crossing: makes and verifies the signed tokens by which a visitor's id gets to another domain of the site. Pure.

A token is valid for ten minutes, only in the browser that asked for it, and only once. `tracker.crossing_view` ensures
that it is used once.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

#: How long a token is valid, ms. The snippet asks for a new token after five minutes. Until that arrives, the old token
#: still works.
VALID_MS = 600_000
#: The largest difference between the clocks of web machines, ms.
MAX_AHEAD_MS = 60_000
TIME_BYTES, SEAL_BYTES = 6, 15
MAX_LETTERS = 120


class Crossing(msgspec.Struct, frozen=True):
    """The content of a valid token: the visitor's id and the time at which the token was made (ms). `seal`: the token's
    signature, by which a second use is noticed."""

    visitor: str
    at: int
    seal: str


def sign(visitor: str, at: int, site: str, ua: str, secret: str) -> str:
    """Make a token with a visitor's id. The token is valid only for this site and this browser (`ua`). The page puts
    the token into a link as the parameter `hl_visitor`. `at`: the present instant (ms)."""
    said = at.to_bytes(TIME_BYTES, "big") + visitor.encode()
    return _encode(said + _seal(said, site, ua, secret))


def verify(token: str, now: int, site: str, ua: str, secret: str) -> Crossing | None:
    """Return the content of a token. None if it has expired, or if it was not signed for this site and this browser
    (`ua`). `now`: ms."""
    raw = _decode(token) if secret and len(token) <= MAX_LETTERS else b""
    said, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(said, site, ua, secret)):
        return None
    at = int.from_bytes(said[:TIME_BYTES], "big")
    if not -MAX_AHEAD_MS <= now - at <= VALID_MS:
        return None
    return Crossing(said[TIME_BYTES:].decode(), at, seal.hex())


def _seal(said: bytes, site: str, ua: str, secret: str) -> bytes:
    # The first word keeps this signature from being valid for anything else that the secret signs. Neither the word nor
    # a site's key contains a NUL.
    text = f"crossing\0{site}\0{len(ua)}\0{ua}\0".encode(errors="replace")
    return hmac.digest(secret.encode(), text + said, "sha256")[:SEAL_BYTES]


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(token: str) -> bytes:
    """Decode a token from base64; b"" if it can't be decoded. Of several texts that would give the same bytes, only one
    is accepted."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4)) if token.isascii() else b""
    except ValueError:
        return b""
    return raw if _encode(raw) == token else b""
