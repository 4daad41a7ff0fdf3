"""Uploads without a database: odd bytes and odd parameters are refused, and cause no error of our own."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversions.spend.lines import Problems
from conversions.spend.options import read_options
from conversions.spend.reader import Reading
from conversions.spend.upload import read_upload
from tests.conversions.spend.test_reader import READING
from tracker.collection.refusal import Refusal


def is_refused(body: bytes) -> bool:
    """Whether an import of this file would be refused."""
    problems = Problems()
    try:
        lines = list(read_upload(body, READING).lines(problems))
    except Refusal:
        return True
    return bool(problems.count) or not lines


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\0", b"\xff", b"\xff\xfe", b"\xff\xfe\x00\xd8", b"\xfe\xffx", b"\x81\x8d", b'"', b"\n" * 60),
        *(b'{"site": 1}', b"day,cost\n", b'day,cost\n"2026-11-01', b"day,cost\n2026-11-01,\0", b"x" * 30_000),
        *(b"day,cost,ad\n2026-11-01,1,\x81\n", b"day,cost,ad\n2026-11-01,1,a\0b\n", b"," * 10_000, b"\x1f\x8b\x08\x00"),
        *(b"day,cost\n2026-11-01," + b"9" * 5_000, b'day,cost\n2026-11-01,"' + b"1\n" * 40_000, b"day,cost\r\r\r"),
    ],
)
def test_an_odd_file_is_refused(body: bytes) -> None:
    assert is_refused(body)


@given(body=st.binary(max_size=200))
@example(body=b"")
def test_no_bytes_behind_a_header_are_an_error_of_ours(body: bytes) -> None:
    is_refused(b"day,cost,currency,ad\n" + body)
    is_refused(body)


def test_a_file_in_each_encoding_has_the_same_lines() -> None:
    text = "day,cost,utm_campaign\n2026-11-01,1,Fr\u00fchling\n"
    found = [
        list(read_upload(text.encode(code), READING).lines(Problems())) for code in ("utf-8-sig", "utf-16", "latin-1")
    ]
    assert found[0][0].names.campaign == "Fr\u00fchling"
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"source": ""}, "source"),
        ({"source": "x" * 101}, "source"),
        ({"source": "a\0"}, "source"),
        ({"currency": "XYZ"}, "currency"),
        ({"decimal": ";"}, "decimal"),
        ({"dates": "year"}, "dates"),
        ({"network": "adwords"}, "network"),
        ({"utm_source": "x" * 501}, "utm_source"),
        ({"utm_medium": "\0"}, "utm_medium"),
        ({"dry-run": "1"}, "dry-run"),
    ],
)
def test_a_parameter_that_imports_do_not_have_is_refused(parameters: dict[str, str], field: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_options({"source": "mail", **parameters}, "EUR", READING.currencies)
    assert refusal.value.field == field


def test_an_empty_parameter_is_an_absent_one() -> None:
    given = {"source": " mail ", "currency": "", "decimal": "", "dates": "", "utm_source": ""}
    assert read_options(given, "EUR", {"EUR"}) == ("mail", Reading(currency="EUR", currencies={"EUR"}))
