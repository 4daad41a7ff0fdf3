"""Text: what of it can't be stored, and what takes its place. Pure."""

import re

#: What no database or no JSON can hold: NUL, and the halves of letters that were cut or were never UTF-8.
_BAD = re.compile("[\0\ud800-\udfff]")


def is_broken(text: str) -> bool:
    """Whether a text holds what can't be stored: a NUL, or a lone surrogate."""
    return "\0" in text or (not text.isascii() and _BAD.search(text) is not None)


def repair(text: str) -> str:
    """The text with U+FFFD in the place of what can't be stored."""
    return _BAD.sub("\ufffd", text) if is_broken(text) else text
