"""Listed: makes the line that shows a conversion in a list for people. Pure."""

import msgspec

from conversions.explain.listed import ListedConversion
from conversions.rules.reasons import conversion_sentence


class ListedLine(msgspec.Struct, frozen=True):
    """A conversion of a list, and a sentence that says why it doesn't count; "" if it counts."""

    conversion: ListedConversion
    why: str


def line_of(listed: ListedConversion) -> ListedLine:
    """Make the line that shows a conversion in a list."""
    return ListedLine(listed, conversion_sentence(listed.reason) if listed.reason else "")
