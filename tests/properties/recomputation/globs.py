"""Globs: whether a text matches a pattern. Rules: `docs/models.md`, Names of ads."""

import re


def is_like(glob: str, text: str) -> bool:
    """Whether a text matches a pattern. `*` stands for any text, `?` for one letter, everything else for itself."""
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(letter, re.escape(letter)) for letter in glob), text, re.DOTALL) is not None
