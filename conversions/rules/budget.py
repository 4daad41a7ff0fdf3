"""Budget: how many conversions a person has in a part of a bucket -> how many touches are read for each. Pure.

It bounds the cost of one person: a person's conversions in a part share PLACES clicks and as many views.
"""

#: The number of clicks that all conversions of one person in one part of a bucket share. The number of views is the
#: same.
PLACES = 20_000
#: The number of clicks, and of views, of each visitor that are always read for a conversion.
LEAST = 20
#: A claimant without a conversion in the part counts as a person with this many.
ELSEWHERE = 100
#: The click that led to a conversion is one of this many newest clicks, whatever else happens in the hour.
LATEST = 50


def places(conversions: int) -> int:
    """How many of the newest clicks, and of the newest views, of each visitor are read for a conversion. `conversions`:
    the number of its person's conversions in the part."""
    return max(PLACES // (conversions or ELSEWHERE), LEAST)
