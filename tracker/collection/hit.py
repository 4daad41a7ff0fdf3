"""Hit: a hit and a batch of hits, and their conversion to JSON and back. Pure; knows no Django."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tracker.collection.failure import Permanent

HitType = Literal["page", "event", "click", "view", "conversion", "adjustment"]
AdjustmentKind = Literal["retract", "restore", "restate", "refund"]

#: The limits of a batch: its number of hits, and their bytes.
BATCH_MAX_HITS = 500
BATCH_MAX_BYTES = 1 << 20


class Hit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tracking event, as collection accepted it. Times are ms since the epoch; money is in micros (millionths) of
    the currency.

    `at`: when the event happened, by the client's corrected clock; see `tracker.collection.collect`. `received`: when
    the hit came. If the client's clock is right, `at` doesn't depend on `received`.
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
    #: Whether the browser fetched the hit's page in advance.
    prefetch: bool = False
    #: Whether the site could not be looked up during collection. Processing looks it up again.
    unchecked: bool = False
    #: Consent signal -> `granted` or `denied`: the signals that the hit names, and those that its site denies by
    #: default.
    consent: dict[str, str] = {}
    #: The keys by which ad networks know the person: ids from their cookies, and hashes.
    match: dict[str, str] = {}
    #: Whether a server with an ingest token sent the hit.
    trusted: bool = False
    #: Field -> its text as sent, if it is an amount or a time that can't be read.
    unread: dict[str, str] = {}
    #: The id of a click, by which the person of a conversion or an adjustment is found.
    click: str = ""
    #: Whether the tracker's own endpoint `/click` made the hit.
    issued: bool = False


class Batch(msgspec.Struct, frozen=True):
    """Hits that are stored in the queue together, as one message. An empty batch is a marker: once it is processed,
    every batch that was sent before it is processed."""

    id: str
    hits: tuple[Hit, ...] = ()

    @property
    def made_at(self) -> int:
        """The instant (ms) at which the batch was made. It is read from the id, and is therefore the same at each
        delivery."""
        return int(self.id[:13])


class BadBatch(Permanent):
    """A message or an archived object can't be read as a batch of hits."""


def batch_id(made_at: int, nonce: str) -> str:
    """Make a batch id: 13 digits (ms since the epoch), a dash and the random text `nonce`. Sorted ids are in order of
    time."""
    return f"{made_at:013d}-{nonce}"


_encoder = msgspec.json.Encoder()
_batch_decoder = msgspec.json.Decoder(Batch)
_hit_decoder = msgspec.json.Decoder(Hit)


def encode_batch(batch: Batch) -> str:
    """Convert a batch to the JSON text that is sent to a task."""
    return _encoder.encode(batch).decode()


def decode_batch(text: str | bytes) -> Batch:
    """Read a batch from the JSON text that was sent to a task. Raises BadBatch."""
    try:
        return _batch_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error


def encode_hits(hits: Sequence[Hit]) -> bytes:
    """Convert hits to JSON lines, as the archive stores them."""
    return _encoder.encode_lines(hits)


def encoded_size(hit: Hit) -> int:
    """Return how many bytes a hit takes up in the JSON text of a batch."""
    return len(_encoder.encode(hit)) + 1


def decode_hits(lines: bytes) -> list[Hit]:
    """Read hits from JSON lines, as the archive stores them. Raises BadBatch."""
    try:
        return [_hit_decoder.decode(line) for line in lines.splitlines() if line]
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error


def to_plain(record: msgspec.Struct) -> dict[str, Any]:
    """Convert a struct to a dict of plain JSON types, such as texts, numbers and lists."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def iso(at: int) -> str:
    """Write an instant (ms since the epoch) as ISO 8601 in UTC: 2026-01-31T09:30:00Z. Milliseconds are written only if
    they aren't 0."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if at % 1000 else "seconds").replace("+00:00", "Z")
