"""Nobody: ids that stand for nobody."""

from hashlib import md5, sha1, sha256

import pytest

from tracker.collection.nobody import someone


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "0", "null", "NULL", "Undefined", "None", "NaN", "anonymous", "Unknown", "GUEST", " guest "),
        *("[object Object]", "distinct_id", "not_authenticated", "true", "False", '""'),
        *("{{user}}", "${ID}", "<%= id %>", "%%USER%%", "00000000-0000-0000-0000-000000000000", "0" * 32, "(not set)"),
        *(md5(b"").hexdigest(), sha1(b"null").hexdigest().upper(), sha256(b"undefined").hexdigest()),
    ],
)
def test_an_id_that_broken_set_ups_send_for_everybody_stands_for_nobody(text: str) -> None:
    assert someone(text) == ""


def test_any_other_id_is_somebodys_and_unchanged() -> None:
    for text in ("ann", "Ann", "00", "10", "guest-7", sha256(b"ann").hexdigest(), "\u00e4nn"):
        assert someone(text) == text
