"""The records of a hit and of a batch: what collect makes and every later step reads. Pure; knows no Django."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tracker.collection.failure import Permanent

HitType = Literal["page", "event", "click", "view", "conversion", "adjustment"]
AdjustmentKind = Literal["retract", "restate", "refund"]

#: A batch is closed when it holds this many hits, or this many bytes of them.
BATCH_MAX_HITS = 500
BATCH_MAX_BYTES = 1 << 20


class Hit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tracking event as collected. Times are ms since the epoch, money is micros (10**-6) of the currency.

    `at` is when it happened by the corrected clock; it depends on `received` only where
    `tracker.collection.collect` must.
    """

    id: str
    site: str
    type: HitType
    at: int
    received: int
    visitor: str
    name: str = ""
    user: str = ""
    url: str = ""
    ref: str = ""
    title: str = ""
    ad: str = ""
    order: str = ""
    value: int | None = None
    currency: str = ""
    kind: AdjustmentKind | None = None
    props: dict[str, str] = {}
    ip: str = ""
    ua: str = ""
    #: Sent for a page that was fetched before anybody asked for it.
    prefetch: bool = False
    #: The site's key could not be looked up at the door; the chain looks again.
    unchecked: bool = False
    #: Signals by name, `granted` or `denied`: those that the hit names and those that its site denies otherwise.
    consent: dict[str, str] = {}
    #: What ad networks know the person by: their cookies' ids, and hashes.
    match: dict[str, str] = {}
    #: Told by a server that showed an ingest token.
    trusted: bool = False
    #: What can't be read of an amount or a time, by field, as it was sent.
    unread: dict[str, str] = {}


class Batch(msgspec.Struct, frozen=True):
    """The hits that are committed to the queue together. An empty one is a marker: how far the queue has come."""

    id: str
    hits: tuple[Hit, ...] = ()

    @property
    def made_at(self) -> int:
        """When the batch was closed, ms since the epoch; part of its id, so that every delivery reads the same."""
        return int(self.id[:13])


class BadBatch(Permanent):
    """The text is not a batch."""


def batch_id(made_at: int, nonce: str) -> str:
    """A batch id that sorts by time: 13 digits of ms since the epoch, a dash, a random part."""
    return f"{made_at:013d}-{nonce}"


_encoder = msgspec.json.Encoder()
_batch_decoder = msgspec.json.Decoder(Batch)
_hit_decoder = msgspec.json.Decoder(Hit)


def encode_batch(batch: Batch) -> str:
    """The batch as the text that a task message carries."""
    return _encoder.encode(batch).decode()


def decode_batch(text: str | bytes) -> Batch:
    """The batch of a task message. Raises BadBatch."""
    try:
        return _batch_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error


def encode_hits(hits: Sequence[Hit]) -> bytes:
    """Hits as JSON lines, the form of the archive."""
    return _encoder.encode_lines(hits)


def encoded_size(hit: Hit) -> int:
    """Bytes of the hit in a batch."""
    return len(_encoder.encode(hit)) + 1


def decode_hits(lines: bytes) -> list[Hit]:
    """The hits of an archive object. Raises BadBatch."""
    try:
        return [_hit_decoder.decode(line) for line in lines.splitlines() if line]
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error


def to_plain(record: msgspec.Struct) -> dict[str, Any]:
    """A record as plain JSON types."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def iso(at: int) -> str:
    """ISO 8601 UTC with `Z`, milliseconds only where there are any."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if at % 1000 else "seconds").replace("+00:00", "Z")
