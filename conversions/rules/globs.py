"""Globs: patterns in which `*` stands for any text and `?` for any letter. All else stands for itself. Pure."""

import re
from fnmatch import translate
from functools import lru_cache


@lru_cache(maxsize=1 << 15)
def compiled(glob: str) -> re.Pattern[str]:
    """Compile a glob to a regular expression for the whole text. A glob with many stars is not slow to match."""
    # In fnmatch a bracket begins a class of letters, and [[] means a bracket itself.
    return re.compile(translate(glob.replace("[", "[[]")))


def is_like(text: str, glob: str) -> bool:
    """Whether a glob matches the whole text. Upper and lower case differ."""
    return compiled(glob).match(text) is not None
