"""Listed: a conversion of a list as a line for people. Pure."""

import msgspec

from conversions.explain.listed import ListedConversion
from conversions.rules.reasons import conversion_sentence


class ListedLine(msgspec.Struct, frozen=True):
    """A conversion, and why it doesn't count ("" if it counts)."""

    conversion: ListedConversion
    why: str


def line_of(listed: ListedConversion) -> ListedLine:
    """Make the line of a conversion."""
    return ListedLine(listed, conversion_sentence(listed.reason) if listed.reason else "")
