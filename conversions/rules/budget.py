"""Budget: how many conversions a person has in a part of a bucket -> how many touches each of them looks at. Pure.

It bounds what one person may cost: a person's conversions in a part share PLACES clicks and as many views.
"""

#: The clicks that all conversions of one person in one part of a bucket look at together. The views are as many.
PLACES = 20_000
#: The clicks and views of each visitor that a conversion always looks at.
LEAST = 20
#: A claimant without a conversion in the part counts as a person with so many.
ELSEWHERE = 100
#: The newest clicks among which the one that brought a conversion is sought, whatever else happens in its hour.
LATEST = 50


def places(conversions: int) -> int:
    """The newest clicks, and views, of each visitor that a conversion looks at. `conversions`: its person's in the
    part."""
    return max(PLACES // (conversions or ELSEWHERE), LEAST)
