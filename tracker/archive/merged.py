"""Merged: writes and reads merged objects. A merged object has the hits of many batches, sorted by site and time, and
an index. docs/archive.md describes the format."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
from backports import zstd

from tracker.archive.keys import merged_key
from tracker.collection.hit import BadBatch, Batch, Hit

#: The bytes of lines with which a block is full. A reader of one site's hits reads at most two blocks that also have
#: hits of other sites.
BLOCK_BYTES = 1 << 19
#: The most bytes of an unpacked block. A longer block is damaged: a block has at most BLOCK_BYTES and one more hit,
#: whose size collection limits.
MOST_BLOCK_BYTES = 1 << 23
MOST_INDEX_BYTES = 1 << 26
#: The bytes of an object's end that are read first. The index of some thousand batches fits into them. A longer index
#: needs a second read.
TAIL_BYTES = 1 << 16
OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 9,
    zstd.CompressionParameter.checksum_flag: 1,
}
#: The index is in the object's last frame, which zstd decompressors skip. SKIPPED is the header of this frame. TRAILER
#: is its end: the length and the checksum of the index, and NAME.
SKIPPED, TRAILER = struct.Struct("<II"), struct.Struct("<II8s")
SKIPPABLE, NAME = 0x184D2A50, b"HLMERGE1"


class Row(NamedTuple):
    """A hit while objects are merged. Rows are sorted by `site`, `at` (ms) and `id`. `line`: the hit's JSON as it was
    archived. `batch`: the id of its batch."""

    site: str
    at: int
    id: str
    line: bytes
    batch: str


class Block(msgspec.Struct, frozen=True, array_like=True):
    """A part of a merged object that is read as a whole (a zstd frame): its position in bytes, and the site and time of
    its first and of its last hit."""

    offset: int
    length: int
    first: tuple[str, int]
    last: tuple[str, int]


class Index(msgspec.Struct, frozen=True):
    """The index of a merged object: its blocks, the number of its hits, the number of bytes before compression, and the
    ids of its batches."""

    hits: int
    size: int
    batches: tuple[str, ...]
    blocks: tuple[Block, ...]


class Archived(msgspec.Struct, frozen=True, array_like=True):
    """A hit in a merged object, with the id of its batch."""

    batch: str
    hit: Hit


_encoder = msgspec.json.Encoder()
_index_decoder = msgspec.json.Decoder(Index)
_line_decoder = msgspec.json.Decoder(Archived)
_raw_decoder = msgspec.json.Decoder(tuple[str, msgspec.Raw])
_hit_decoder = msgspec.json.Decoder(Hit)


def read_row(batch: str, line: bytes) -> Row:
    """Make the row of a hit from its JSON (`line`) and the id of its batch. Raises BadBatch."""
    try:
        hit = _hit_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(str(error)) from error
    return Row(hit.site, hit.at, hit.id, line, batch)


def pack_merged(rows: Iterable[Row], batches: Iterable[str]) -> tuple[str, bytes]:
    """Make a merged object from rows; return its key and its bytes. Of several byte-equal copies of a hit, only the one
    with the smallest batch id stays.

    The key depends only on the content: the same rows and batches give the same key.
    """
    names = tuple(sorted(set(batches)))
    kept = [next(alike) for _, alike in groupby(sorted(rows), key=lambda row: row[:4])]
    body, blocks, size = bytearray(), [], 0
    digest = blake2b("\n".join(names).encode(), digest_size=8)
    for some in _blocks(kept):
        lines = b"".join(b'["%s",%s]\n' % (row.batch.encode(), row.line) for row in some)
        digest.update(lines)
        frame = zstd.compress(lines, options=OPTIONS)
        # The compressed bytes are checked, because the original objects will be deleted.
        assert zstd.decompress(frame) == lines, "zstd doesn't give back what it was given"
        blocks.append(Block(len(body), len(frame), some[0][:2], some[-1][:2]))
        size += len(lines)
        body += frame
    body += _pack_index(Index(len(kept), size, names, tuple(blocks)))
    return merged_key(names[-1], digest.hexdigest()), bytes(body)


def _blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    size = 0
    for row in rows:
        some.append(row)
        size += len(row.line)
        if size >= BLOCK_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _pack_index(index: Index) -> bytes:
    packed = zstd.compress(_encoder.encode(index), options=OPTIONS)
    return b"".join(
        [SKIPPED.pack(SKIPPABLE, len(packed) + TRAILER.size), packed, TRAILER.pack(len(packed), crc32(packed), NAME)]
    )


def index_length(tail: bytes) -> int:
    """Return how many bytes the index takes up at the end of a merged object. `tail`: some of the object's last bytes.
    Raises BadBatch."""
    if len(tail) < TRAILER.size:
        raise BadBatch("not a merged object: it is cut")
    length, _, name = TRAILER.unpack(tail[-TRAILER.size :])
    if name != NAME or length > MOST_INDEX_BYTES:
        raise BadBatch("not a merged object: its end is damaged")
    return int(length) + TRAILER.size


def unpack_index(tail: bytes) -> Index:
    """Read the index of a merged object. `tail`: the object's last bytes, at least as many as `index_length` says.
    Raises BadBatch."""
    length = index_length(tail)
    packed = tail[-length : -TRAILER.size]
    if crc32(packed) != TRAILER.unpack(tail[-TRAILER.size :])[1]:
        raise BadBatch("not a merged object: its index is damaged")
    try:
        return _index_decoder.decode(_decompress(packed, MOST_INDEX_BYTES))
    except msgspec.DecodeError as error:
        raise BadBatch(f"not a merged object: {error}") from error


def unpack_block(frame: bytes) -> list[Batch]:
    """Read the hits in the bytes of a block, grouped by batch. Raises BadBatch."""
    found: dict[str, list[Hit]] = {}
    for line in _lines(frame):
        row = _decoded(_line_decoder, line)
        found.setdefault(row.batch, []).append(row.hit)
    return [Batch(batch, tuple(hits)) for batch, hits in found.items()]


def unpack_rows(frame: bytes) -> list[Row]:
    """Read the rows in the bytes of a block. This is done when the block's object is merged again. Raises BadBatch."""
    raw = (_decoded(_raw_decoder, line) for line in _lines(frame))
    return [read_row(batch, bytes(line)) for batch, line in raw]


def _lines(frame: bytes) -> list[bytes]:
    return _decompress(frame, MOST_BLOCK_BYTES).splitlines()


def _decoded(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadBatch(f"not a merged object: {error}") from error


def _decompress(frame: bytes, most: int) -> bytes:
    """Decompress a zstd frame. Raises BadBatch if it is damaged, if other bytes follow it, or if the result has more
    than `most` bytes."""
    reader = zstd.ZstdDecompressor()
    try:
        body = reader.decompress(frame, max_length=most)
    except zstd.ZstdError as error:
        raise BadBatch(f"not a merged object: {error}") from error
    if not reader.eof or reader.unused_data:
        raise BadBatch("not a merged object: a block is cut or too long")
    return body
