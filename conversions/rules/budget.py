"""Budget: how many conversions a person has in a part of a bucket -> how many touches are read for each. Pure.

The budget bounds the work that one person can cause: all conversions of a person in a part share PLACES clicks and as
many views.
"""

#: The number of clicks that all conversions of one person in one part of a bucket share. The number of views is the
#: same.
PLACES = 20_000
#: For each conversion at least this many clicks, and as many views, of each visitor are read.
LEAST = 20
#: A claimant who has no conversion in the part is treated as a person with this many conversions in the part.
ELSEWHERE = 100
#: The click that led to a conversion is looked for among this many of the newest clicks. The person's other conversions
#: don't change this number.
LATEST = 50


def places(conversions: int) -> int:
    """How many of the newest clicks, and of the newest views, of each visitor are read for one conversion of a person.
    `conversions`: how many conversions the person has in the part."""
    return max(PLACES // (conversions or ELSEWHERE), LEAST)
