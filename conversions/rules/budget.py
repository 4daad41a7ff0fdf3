"""Budget: how many touches are read for each conversion of a person. Pure.

The budget limits the work that one person can cause. If a person has many conversions in one hour, fewer touches are
read for each of them.
"""

#: The budget of one person in one part of an hour: this many clicks, and this many views. All conversions of the person
#: in this part share the budget evenly.
SHARED_TOUCHES = 20_000
#: For a conversion, at least this many clicks and this many views of each visitor are read.
LEAST_TOUCHES = 20
#: If a claimant has no conversion in the part, the budget is divided by this number.
CONVERSIONS_ELSEWHERE = 100
#: Some goals count one conversion per click. The click that led to a conversion is then searched among this many of the
#: newest clicks. This number doesn't depend on the person's conversions.
CLICKS_SEARCHED = 50


def touches_each(conversions: int) -> int:
    """Return how many of the newest clicks of each visitor are read for one conversion of a person. The same number of
    the newest views is read.

    `conversions`: how many conversions the person has in the same part of the hour. With 10 conversions, 2,000 clicks
    are read for each conversion.
    """
    return max(SHARED_TOUCHES // (conversions or CONVERSIONS_ELSEWHERE), LEAST_TOUCHES)
