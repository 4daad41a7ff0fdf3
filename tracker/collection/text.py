"""Text: a text -> the text without characters that can't be stored. Pure."""

import re

#: Characters that databases or JSON can't hold: NUL, and lone surrogates, from cut letters or from bytes that were not
#: UTF-8.
_BAD = re.compile("[\0\ud800-\udfff]")


def is_broken(text: str) -> bool:
    """Whether a text has characters that can't be stored: a NUL or a lone surrogate."""
    return "\0" in text or (not text.isascii() and _BAD.search(text) is not None)


def has_half_letters(text: str) -> bool:
    """Whether a text holds a lone surrogate."""
    return is_broken(text.replace("\0", ""))


def repair(text: str) -> str:
    """The text with U+FFFD for each character that can't be stored."""
    return _BAD.sub("\ufffd", text) if is_broken(text) else text
