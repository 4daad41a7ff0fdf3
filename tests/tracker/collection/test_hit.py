"""Hits and batches come out of the queue and the archive unchanged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.collection.hit import (
    BadBatch,
    Batch,
    Hit,
    batch_id,
    decode_batch,
    decode_hits,
    encode_batch,
    encode_hits,
    encoded_size,
    iso,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
HITS = st.builds(
    Hit,
    id=TEXT,
    site=TEXT,
    type=st.sampled_from(["page", "event", "click", "view", "conversion", "adjustment"]),
    at=st.integers(0, 2**60),
    received=st.integers(0, 2**60),
    visitor=TEXT,
    url=TEXT,
    value=st.none() | st.integers(-(10**18), 10**18),
    kind=st.sampled_from([None, "retract", "restate", "refund"]),
    props=st.dictionaries(TEXT, TEXT, max_size=3),
    unchecked=st.booleans(),
)


def hit(**given: Any) -> Hit:
    """Return a page hit."""
    return Hit(**{"id": "h", "site": "s", "type": "page", "at": 1, "received": 2, "visitor": "v", **given})


@given(hits=st.lists(HITS, max_size=4))
def test_a_batch_comes_out_of_the_queue_and_the_archive_unchanged(hits: list[Hit]) -> None:
    batch = Batch(batch_id(1_790_000_000_000, "abc"), tuple(hits))
    assert decode_batch(encode_batch(batch)) == batch
    assert decode_hits(encode_hits(hits)) == hits


@given(hit=HITS)
def test_the_size_of_a_hit_is_what_it_takes_in_the_archive(hit: Hit) -> None:
    assert encoded_size(hit) == len(encode_hits([hit]))


@pytest.mark.parametrize("odd", ["a\nb", "a\r\nb", "\u2028", "\x1c", "\x85", '"\\'])
def test_no_text_breaks_a_line_of_the_archive(odd: str) -> None:
    hits = [hit(url=odd), hit(props={odd: odd})]
    assert encode_hits(hits).count(b"\n") == 2
    assert decode_hits(encode_hits(hits)) == hits


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"id":1}', '{"id":"x","hits":[{"id":"h"}]}', b"\xff", '{"id":"x","hits":[{"type":"x"}]}']
)
def test_bad_bytes_raise_bad_batch(text: str | bytes) -> None:
    with pytest.raises(BadBatch):
        decode_batch(text)


def test_bad_lines_raise_bad_batch() -> None:
    with pytest.raises(BadBatch):
        decode_hits(encode_hits([hit()]) + b"{}\n")
    assert decode_hits(b"\n\n") == []


def test_a_batch_of_a_later_release_is_read() -> None:
    assert decode_batch('{"id":"x","hits":[],"new":1}') == Batch("x")


def test_batch_ids_sort_by_the_time_they_were_made() -> None:
    ids = [batch_id(at, "z") for at in (5, 1_790_000_000_000, 1_790_000_000_001)]
    assert sorted(ids) == ids
    assert [Batch(one).made_at for one in ids] == [5, 1_790_000_000_000, 1_790_000_000_001]


def test_an_instant_is_written_in_utc_with_milliseconds_only_if_needed() -> None:
    assert iso(1_790_000_000_000) == "2026-09-21T14:13:20Z"
    assert iso(1_790_000_000_007) == "2026-09-21T14:13:20.007Z"


@given(at=st.integers(0, 4_000_000_000_000))
def test_an_instant_is_exact_to_the_millisecond(at: int) -> None:
    assert iso(at).rstrip("Z")[19:] == (f".{at % 1000:03d}" if at % 1000 else "")
