"""Crossing: a token gives a visitor's id only if the site signed it for this browser, a short time ago."""

import random

import pytest

from tracker.collection.crossing import MAX_AHEAD_MS, MAX_LETTERS, VALID_MS, sign, verify

NOW = 1_795_176_000_000
VISITOR, SECRET = "8437281904381230.12:-_", "5ec2e7" * 5
TOKEN = sign(VISITOR, NOW, "S", "Firefox", SECRET)


def visitor_of(token: str = TOKEN, now: int = NOW, site: str = "S", ua: str = "Firefox", secret: str = SECRET) -> str:
    found = verify(token, now, site, ua, secret)
    return found.visitor if found else ""


def test_the_browser_that_asked_gets_its_id_on_the_other_domain() -> None:
    assert visitor_of() == VISITOR
    assert visitor_of(now=NOW + VALID_MS) == VISITOR
    assert visitor_of(now=NOW - MAX_AHEAD_MS) == VISITOR


def test_the_longest_id_fits_and_every_letter_is_safe_in_an_address() -> None:
    token = sign("v" * 64, NOW, "S", "Firefox", SECRET)
    assert len(token) <= MAX_LETTERS
    assert visitor_of(token) == "v" * 64
    assert token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "other",
    [
        {"now": NOW + VALID_MS + 1},
        {"now": NOW - MAX_AHEAD_MS - 1},
        {"site": "T"},
        {"ua": "Chrome"},
        {"secret": "x"},
        {"secret": ""},
    ],
)
def test_another_time_site_browser_or_secret_gets_no_visitor(other: dict[str, object]) -> None:
    assert visitor_of(**other) == ""  # type: ignore[arg-type]


def test_every_change_of_the_token_breaks_it() -> None:
    rng = random.Random(1)
    for place in range(len(TOKEN)):
        other = rng.choice([letter for letter in "Ab0-_" if letter != TOKEN[place]])
        assert visitor_of(f"{TOKEN[:place]}{other}{TOKEN[place + 1 :]}") == ""


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 40, "=" * 40, "é" * 40, "A" * 5000, TOKEN + "=", TOKEN + "A", " " + TOKEN]
)
def test_garbage_is_refused_as_a_token(token: str) -> None:
    assert visitor_of(token) == ""
    assert visitor_of(token, secret="") == ""
