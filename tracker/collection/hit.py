"""Hit: the records of a hit and of a batch. Collection makes them, and every later step reads them. Pure; knows no
Django."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tracker.collection.failure import Permanent

HitType = Literal["page", "event", "click", "view", "conversion", "adjustment"]
AdjustmentKind = Literal["retract", "restore", "restate", "refund"]

#: A batch is full and closes when it has this many hits, or this many bytes of hits.
BATCH_MAX_HITS = 500
BATCH_MAX_BYTES = 1 << 20


class Hit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tracking event as collected. Times are ms since the epoch, money is micros (10**-6) of the currency.

    `at` is when the event happened, by the corrected clock. It depends on `received` only if the client's clock is
    unknown or wrong; see `tracker.collection.collect`.
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
    #: Whether the browser sent the hit for a page that it prefetched.
    prefetch: bool = False
    #: Whether the site could not be looked up during collection. Processing looks it up again.
    unchecked: bool = False
    #: Signal of consent -> `granted` or `denied`: the signals that the hit names, and others that its site denies.
    consent: dict[str, str] = {}
    #: The keys by which ad networks know the person: ids from their cookies, and hashes.
    match: dict[str, str] = {}
    #: Whether a server with an ingest token sent the hit.
    trusted: bool = False
    #: Field -> the unreadable text of an amount or a time, as sent.
    unread: dict[str, str] = {}
    #: The id of the click by which a conversion or an adjustment finds its person.
    click: str = ""
    #: Whether `/click` made the hit and its id.
    issued: bool = False


class Batch(msgspec.Struct, frozen=True):
    """The hits that are committed to the queue together. An empty batch is a marker of the queue's progress."""

    id: str
    hits: tuple[Hit, ...] = ()

    @property
    def made_at(self) -> int:
        """When the batch was closed, ms since the epoch. It is part of the id, and the same in every delivery."""
        return int(self.id[:13])


class BadBatch(Permanent):
    """The text is no batch."""


def batch_id(made_at: int, nonce: str) -> str:
    """Make a batch id that sorts by time: 13 digits of ms since the epoch, a dash, a random part."""
    return f"{made_at:013d}-{nonce}"


_encoder = msgspec.json.Encoder()
_batch_decoder = msgspec.json.Decoder(Batch)
_hit_decoder = msgspec.json.Decoder(Hit)


def encode_batch(batch: Batch) -> str:
    """Serialize a batch as the text of a task message."""
    return _encoder.encode(batch).decode()


def decode_batch(text: str | bytes) -> Batch:
    """Read the batch of a task message. Raises BadBatch."""
    try:
        return _batch_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error


def encode_hits(hits: Sequence[Hit]) -> bytes:
    """Serialize hits as JSON lines, the form of the archive."""
    return _encoder.encode_lines(hits)


def encoded_size(hit: Hit) -> int:
    """The number of bytes of the hit in a batch."""
    return len(_encoder.encode(hit)) + 1


def decode_hits(lines: bytes) -> list[Hit]:
    """Read the hits of an archive object. Raises BadBatch."""
    try:
        return [_hit_decoder.decode(line) for line in lines.splitlines() if line]
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error


def to_plain(record: msgspec.Struct) -> dict[str, Any]:
    """Turn a record into plain JSON types."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def iso(at: int) -> str:
    """Write ms as ISO 8601 in UTC with `Z`. Milliseconds are written only if they aren't 0."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if at % 1000 else "seconds").replace("+00:00", "Z")
