"""Reasons: why something is not counted or gets no credit, as the codes of explanations -> sentences for people. Pure.

docs/errors.md lists the same codes at the same places; a test compares them.
"""

from collections.abc import Mapping

#: Where a code stands -> code -> what it means there.
SENTENCES: dict[str, dict[str, str]] = {
    "conversion": {
        "retracted": "The order was retracted and has not been restated since.",
        "not_first": "The goal counts one per person, and an earlier one of a person who claims this one stands.",
        "not_first_of_click": "The goal counts one conversion per click, and the click that brought this one brought an"
        " earlier one that counts.",
        "not_in_force": "It met a version of the goal that does not hold at its time, or not any more.",
    },
    "touch": {
        "after_conversion": "It came after the conversion, so it can't have brought it.",
        "outside_window": "It was too long before the conversion: a {kind} may earn credit for {window}.",
        "beyond_newest": "Credit goes to the newest 2,000 clicks (or views) within the window, and this one is older.",
        "duplicate": "It is the same {kind} again: an earlier copy of its hit id or click id counts instead.",
        "beaten_by_click": "It was only seen, and the person clicked an ad within the window: a click beats a view.",
    },
    "duplicate": {
        "duplicate": "The same order, or the same hit, came earlier; that one counts.",
        "not_in_force": "It met a version of the goal that does not hold at its time, or not any more.",
    },
    "adjustment": {
        "applied": "It counts.",
        "superseded": "A later restatement of the order replaces it.",
        "duplicate": "It is the same again: an earlier copy of its hit id counts instead.",
        "no_rate": "No exchange rate of its day is known, so it counts as 0 until one is loaded.",
    },
    "model": {
        "no_fit": "Nothing is learnt from {month}, so every touch gets the same.",
        "by_campaign": "It goes by what was learnt from {month}, by campaign, as the path has too many ads.",
        "too_many_ads": "There are too many ads, and too many campaigns, to weigh; every ad gets the same.",
    },
    "value": {
        "no_rate": "For some of its value no exchange rate of the day is known: that counts as 0 until one is loaded.",
    },
}


def sentence(place: str, code: str, words: Mapping[str, str] | None = None) -> str:
    """What a code means at a place; of one without a sentence, the code itself."""
    found = SENTENCES[place].get(code)
    return found.format_map(words or {}) if found else f"The reason is `{code}`."
