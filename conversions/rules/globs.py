"""Globs: patterns in which `*` is any text, `?` any letter, and everything else itself. Pure."""

import re
from fnmatch import translate
from functools import lru_cache


@lru_cache(maxsize=1 << 15)
def compiled(glob: str) -> re.Pattern[str]:
    """Compile a glob to a regular expression for the whole text. More stars don't make it slower."""
    # In fnmatch a bracket begins a class of letters, and [[] means a bracket itself.
    return re.compile(translate(glob.replace("[", "[[]")))


def is_like(text: str, glob: str) -> bool:
    """Whether a glob matches the whole text. It is case-sensitive."""
    return compiled(glob).match(text) is not None
