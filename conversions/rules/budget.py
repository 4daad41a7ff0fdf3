"""Budget: how many touches are read for each conversion of a person. Pure.

The budget limits the work that one person can cause. If a person has many conversions in one hour, fewer touches are
read for each of them.
"""

#: This many clicks are divided among all conversions that one person has in one part of an hour. The same number of
#: views is divided among them.
SHARED_TOUCHES = 20_000
#: At least this many clicks, and as many views, of each visitor are read for a conversion.
LEAST_TOUCHES = 20
#: If a claimant has no conversion in the part, this number of conversions is assumed.
CONVERSIONS_ELSEWHERE = 100
#: For goals that count one conversion per click: the conversion's click is looked for among this many of the newest
#: clicks, however many conversions the person has.
CLICKS_SEARCHED = 50


def touches_each(conversions: int) -> int:
    """Return how many touches of each visitor are read for one conversion of a person: this many of the newest clicks,
    and as many of the newest views.

    `conversions`: how many conversions the person has in the same part of the hour. With 10 conversions, 2,000 clicks
    are read for each.
    """
    return max(SHARED_TOUCHES // (conversions or CONVERSIONS_ELSEWHERE), LEAST_TOUCHES)
