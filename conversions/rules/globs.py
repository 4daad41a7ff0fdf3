"""Globs: `*` stands for any text and `?` for any one character. Everything else stands for itself. Pure."""

import re
from fnmatch import translate
from functools import lru_cache


@lru_cache(maxsize=1 << 15)
def compiled(glob: str) -> re.Pattern[str]:
    """Compile a glob to a regular expression for the whole text. Many stars don't make the search slow."""
    # fnmatch would read [ as the start of a character class. [[] stands for a plain [.
    return re.compile(translate(glob.replace("[", "[[]")))


def is_like(text: str, glob: str) -> bool:
    """Whether a glob matches the whole text. Letter case matters."""
    return compiled(glob).match(text) is not None
