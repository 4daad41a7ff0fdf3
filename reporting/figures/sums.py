"""Sums: adds up amounts by goal, ad, model and day, and converts the sums to the cells of an hour. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from conversions.attribution.credit import MODELS
from conversions.facts.ad_names import OTHER, AdName, Named
from conversions.store.port import Cell
from conversions.verdicts.naming import names_left_out
from reporting.figures.cells import CLICKS, NO_RATE, Clicks, Credit, UnratedRow, by_touch_day, encode_body

#: What an amount is for: a goal's uid, an ad (None if unattributed), and a day (empty in cells that aren't by day).
AmountKey = tuple[str, AdName | None, str]
#: Amounts by key: AmountKey -> [micros of conversions, micros of money].
Amounts = dict[AmountKey, list[int]]


def amounts() -> Amounts:
    """Make an empty table of amounts. A missing key has the amounts [0, 0]."""
    return defaultdict(lambda: [0, 0])


class Sums:
    """The figures of an hour or of a part of it: clicks and views by ad; credit and value by goal, ad and day; and by
    goal, amounts whose exchange rate is unknown.

    Most conversions have at most one touch, and every model gives it all the credit. `alike` has the amounts of these
    conversions once for all models; `own` has the amounts of all others for each model. `sizes`: unconfigured ad -> its
    number of touches.
    """

    def __init__(self) -> None:
        self.clicks: dict[AdName, list[int]] = defaultdict(lambda: [0, 0])
        self.alike = amounts()
        self.own: dict[str, Amounts] = {model: amounts() for model in MODELS}
        self.unrated_conversions: Counter[str] = Counter()
        self.unrated_amounts: dict[str, Counter[str]] = defaultdict(Counter)
        self.sizes: Counter[AdName] = Counter()

    def fold_small_ads(self) -> None:
        """Put the unconfigured ads with the fewest touches together as one ad, `(other)`. The largest ones stay as they
        are."""
        rest = names_left_out(self.sizes)
        if not rest:
            return
        for name in rest:
            del self.sizes[name]
        for name in rest & self.clicks.keys():
            add(self.clicks[OTHER], self.clicks.pop(name))
        for places in (self.alike, *self.own.values()):
            for place in [place for place in places if place[1] in rest]:
                add(places[place[0], OTHER, place[2]], places.pop(place))


def add(sums: list[int], more: Iterable[int]) -> None:
    """Add to each number of a list the number at the same index: [1, 2] and [3, 4] make the list [4, 6]."""
    for place, amount in enumerate(more):
        sums[place] += amount


def add_credit(sums: Amounts, found: Credit) -> None:
    """Add the rows of a cell's credit to a table of amounts. The table is changed."""
    ads = [ad and AdName(*ad) for ad in found.ads]
    days = found.days or [""]
    places = found.day or [0] * len(found.goal)
    for goal, ad, day, credit, value in zip(found.goal, found.ad, places, found.credit, found.value, strict=True):
        row = sums[found.goals[goal], ads[ad], days[day]]
        row[0] += credit
        row[1] += value


def hour_cells(bucket: int, sums: Sums) -> list[Cell]:
    """Make all cells of an hour that starts at `bucket` (ms). Cells without figures are made as well."""
    page = utc_day(bucket)
    unrated = unrated_of(sums.unrated_conversions, sums.unrated_amounts)
    found = [
        Cell(bucket, page, "", CLICKS, encode_body(clicks_of(sums.clicks))),
        Cell(bucket, page, "", NO_RATE, encode_body(unrated)),
    ]
    for name, group in ((str, without_days), (by_touch_day, dict)):
        alike = group(sums.alike)
        same = encode_body(columns(alike))
        for model, own in sums.own.items():
            body = encode_body(columns(together(alike, group(own)))) if own else same
            found.append(Cell(bucket, page, "", name(model), body))
    return found


def utc_day(bucket: int) -> str:
    """Return the page under which the store has an hour's cells: the hour's day in UTC, such as 2026-11-28. Rules of
    timezones may change, but UTC doesn't."""
    return datetime.fromtimestamp(bucket / 1000, UTC).date().isoformat()


def clicks_of(sums: Mapping[AdName, list[int]]) -> Clicks:
    """Convert clicks and views by ad, as {ad: [clicks, views]}, to columns."""
    rows = sorted(sums.items())
    return Clicks([named(ad) for ad, _ in rows], [row[0] for _, row in rows], [row[1] for _, row in rows])


def unrated_of(numbers: Mapping[str, int], sums: Mapping[str, Mapping[str, int]]) -> list[UnratedRow]:
    """Convert amounts whose exchange rate is unknown to rows, one for each goal. `numbers`: goal -> conversions;
    `sums`: goal -> currency -> micros."""
    return [UnratedRow(goal, numbers[goal], tuple(sorted(sums[goal].items()))) for goal in sorted(numbers)]


def without_days(places: Mapping[AmountKey, list[int]]) -> Amounts:
    """Return the amounts by goal and ad alone: the sums over all days."""
    found = amounts()
    for (goal, ad, _), row in places.items():
        add(found[goal, ad, ""], row)
    return found


def together(alike: Mapping[AmountKey, list[int]], own: Mapping[AmountKey, list[int]]) -> Amounts:
    """Add up two tables of amounts: the amounts that are the same under every model, and one model's other amounts."""
    found = amounts()
    for places in (alike, own):
        for place, row in places.items():
            add(found[place], row)
    return found


def columns(places: Mapping[AmountKey, list[int]]) -> Credit:
    """Convert a table of amounts to columns. Rows in which all amounts are 0 are left out."""
    rows = sorted((place for place, row in places.items() if any(row)), key=place_key)
    goals, ads, days = (numbered(place[n] for place in rows) for n in range(3))
    by_day = "" not in days
    return Credit(
        goals=list(goals),
        ads=[ad and named(ad) for ad in ads],
        days=list(days) if by_day else [],
        goal=[goals[place[0]] for place in rows],
        ad=[ads[place[1]] for place in rows],
        day=[days[place[2]] for place in rows] if by_day else [],
        credit=[places[place][0] for place in rows],
        value=[places[place][1] for place in rows],
    )


def numbered(names: Iterable[Any]) -> dict[Any, int]:
    """Give each distinct name an index, in order: ["b", "a", "b"] becomes {"b": 0, "a": 1}."""
    return {name: n for n, name in enumerate(dict.fromkeys(names))}


def place_key(place: AmountKey) -> tuple[str, bool, AdName, str]:
    """Return the key by which amounts are sorted: goal, ad, day. Of a goal's amounts, the unattributed ones come
    first."""
    goal, ad, day = place
    return goal, ad is not None, ad or OTHER, day


def named(ad: AdName) -> Named:
    """Convert an ad's name to the tuple that cells store: (ad, campaign, whether the ad is configured)."""
    return ad.ad, ad.campaign, ad.configured
