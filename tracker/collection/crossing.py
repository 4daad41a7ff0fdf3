"""Crossing: a visitor's id <-> a signed token, which takes the id to another domain of its site. Pure.

A token is valid for the browser that asked for it, for ten minutes, and once. The view ensures that it is used once.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

#: How long a token is valid, ms. The snippet asks for a new token after five minutes. Until it arrives, the old one
#: works for five minutes more.
VALID_MS = 600_000
#: The clocks of web machines may differ by at most this, ms.
MAX_AHEAD_MS = 60_000
TIME_BYTES, SEAL_BYTES = 6, 15
MAX_LETTERS = 120


class Crossing(msgspec.Struct, frozen=True):
    """A visitor's id, the time (ms) of its token, and the seal, which identifies the token when it is used."""

    visitor: str
    at: int
    seal: str


def sign(visitor: str, at: int, site: str, ua: str, secret: str) -> str:
    """Make the value of `hl_visitor`: time and id, and a seal over time, id, site and browser."""
    said = at.to_bytes(TIME_BYTES, "big") + visitor.encode()
    return _encode(said + _seal(said, site, ua, secret))


def verify(token: str, now: int, site: str, ua: str, secret: str) -> Crossing | None:
    """Read the crossing of a token; None if the site's secret did not sign it for this browser, or if it has
    expired."""
    raw = _decode(token) if secret and len(token) <= MAX_LETTERS else b""
    said, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(said, site, ua, secret)):
        return None
    at = int.from_bytes(said[:TIME_BYTES], "big")
    if not -MAX_AHEAD_MS <= now - at <= VALID_MS:
        return None
    return Crossing(said[TIME_BYTES:].decode(), at, seal.hex())


def _seal(said: bytes, site: str, ua: str, secret: str) -> bytes:
    # The first word distinguishes the seal from everything else that the secret signs. Neither the word nor a site's
    # key has a NUL.
    text = f"crossing\0{site}\0{len(ua)}\0{ua}\0".encode(errors="replace")
    return hmac.digest(secret.encode(), text + said, "sha256")[:SEAL_BYTES]


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(token: str) -> bytes:
    """Decode the bytes of a token, which has one valid spelling; empty if the text is no token."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4)) if token.isascii() else b""
    except ValueError:
        return b""
    return raw if _encode(raw) == token else b""
