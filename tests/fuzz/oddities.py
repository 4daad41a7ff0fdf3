"""Oddities: random values as programs, people and attackers send them, and texts that are cut, mixed or doubled."""

import random
import string
from typing import Any

TEXTS = (
    *(
        "",
        " ",
        "null",
        "undefined",
        "NaN",
        "-1",
        "0",
        "1e400",
        "9" * 400,
        "x" * 70_000,
        "\0",
        "a\0b",
        "\ud800",
        "é",
        "日本",
    ),
    *(
        "\U0001f600",
        "\u202e",
        "\ufeff",
        "'",
        '"',
        "<script>",
        "{{7*7}}",
        "${x}",
        "%00",
        "%ED%A0%80",
        "%",
        "../../etc",
        "a&b=c",
    ),
    *(
        "=cmd|' /C calc'!A0",
        "1,299.00",
        "29.90 €",
        "2026-11-02T10:00:00Z",
        "https://shop.example/?gclid=1&amp;utm_source=x",
    ),
    *(
        "http://[::1",
        "//evil.example",
        "javascript:alert(1)",
        "https://shop.example/?a?b#c&d",
        "day",
        "ad",
        "click",
        "A-1",
    ),
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        10**30,
        -(10**30),
        2**63,
        1.5,
        -0.0,
        1e308,
        [],
        {},
        [[]],
        [{}],
        {"a": {"b": [None]}},
    ),
    *([1] * 1000, {str(n): n for n in range(300)}, {"\ud800": 1}, {"a" * 100: "b" * 1000}, ["\ud800"]),
)
HIT = (
    *(
        "site",
        "type",
        "name",
        "visitor",
        "user",
        "order",
        "value",
        "currency",
        "ts",
        "sent",
        "id",
        "url",
        "ref",
        "title",
    ),
    *("props", "ad", "kind", "consent", "match", "click", "token", "to", "status", "payout", "secret", "sub1", "gclid"),
)
TYPES = ("page", "click", "view", "conversion", "adjustment", "event")


def text(rng: random.Random) -> str:
    """Return a random text, mostly one that is known to cause trouble."""
    if rng.random() < 0.8:
        return rng.choice(TEXTS)
    return "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x20000)))) for _ in range(rng.randrange(60)))


def value(rng: random.Random) -> Any:
    """Return a random JSON value."""
    return text(rng) if rng.random() < 0.6 else rng.choice(VALUES)


def word(rng: random.Random) -> str:
    """Return a name that no parameter has."""
    return "".join(rng.choices(string.ascii_letters + "_", k=rng.randrange(1, 20)))


def mangled(rng: random.Random, body: bytes) -> bytes:
    """Return the bytes cut, doubled, or with some of them changed."""
    at = rng.randrange(len(body) + 1)
    return rng.choice((
        lambda: body[:at],
        lambda: body[at:],
        lambda: body + body,
        lambda: body[:at] + rng.randbytes(rng.randrange(1, 9)) + body[at:],
        lambda: b"[" * 20_000 + body,
        lambda: body.replace(b'"', b""),
    ))()  # fmt: skip
