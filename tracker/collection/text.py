"""Text: finds characters that can't be stored, and replaces them. Pure."""

import re

#: Characters that databases or JSON can't store: NUL and lone surrogates. Surrogates come from texts that were cut
#: inside a character, or from bytes that aren't UTF-8.
_BAD = re.compile("[\0\ud800-\udfff]")


def is_broken(text: str) -> bool:
    """Whether a text has a character that can't be stored: a NUL or a lone surrogate (half a character)."""
    return "\0" in text or (not text.isascii() and _BAD.search(text) is not None)


def has_half_letters(text: str) -> bool:
    """Whether a text has a lone surrogate, which is half of a character."""
    return is_broken(text.replace("\0", ""))


def repair(text: str) -> str:
    """Replace each character that can't be stored by U+FFFD (the replacement character)."""
    return _BAD.sub("\ufffd", text) if is_broken(text) else text
