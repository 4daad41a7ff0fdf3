"""Report: computes every row of every cell from hits and configuration. Rules: `docs/models.md`, The figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.properties.recomputation.claims import claims_of, lacking, value_of
from tests.properties.recomputation.credit import BY_AGE, ONE, Weights, divide
from tests.properties.recomputation.hours import day_of, hour_of, month_before, month_of
from tests.properties.recomputation.learning import learnt_weights, lesson
from tests.properties.recomputation.names import Name, name_of
from tests.properties.recomputation.order import in_order
from tests.properties.recomputation.parts import OTHER, Part, claim_key, click_key, part_of, unnamed
from tests.properties.recomputation.rates import read_table
from tests.properties.recomputation.records import Goal, Plain, Touch, read_site
from tests.properties.recomputation.sales import Sale, counted
from tests.properties.recomputation.world import USUAL, Bounds, World, world_of

#: The key of a cell: hour, goal key and model.
Cell = tuple[int, str, str]
#: The key of a row. Credit: the ad (None if unattributed) and the touch's day. Clicks: the ad and "". Unrated: goal and
#: currency.
Row = tuple[str | None, str]
Report = dict[Cell, dict[Row, tuple[int, int]]]


class Entry(NamedTuple):
    """What one fact adds to a row: credit and value; or clicks and views; or conversions and an amount.

    `name`: the ad of the row, if it has one. `part`: the part of the hour that adds it.
    """

    cell: Cell
    row: Row
    first: int
    second: int
    part: Part
    name: Name | None = None


def recompute(
    hits: Iterable[Plain],
    site: Plain,
    quotes: Iterable[Plain] = (),
    bounds: Bounds = USUAL,
    salt: bytes = b"",
) -> Report:
    """Return the rows of every cell, by hour, goal key and model, without empty rows.

    Clicks have the goal '' and the model `clicks`; unrated amounts have '' and `no_rate`. `salt`: the key of the hashes
    that replace the visitors of hits without consent.
    """
    world = world_of(hits, read_site(site), read_table(quotes), bounds, salt)
    found_entries = list(entries(world))
    others = unnamed(sizes_of(found_entries), bounds.most_names)
    sums: dict[Cell, dict[Row, tuple[int, int]]] = defaultdict(lambda: defaultdict(lambda: (0, 0)))
    for entry in found_entries:
        ad, day = entry.row
        row = (OTHER.ad, day) if entry.name in others.get(entry.part, ()) else (ad, day)
        had = sums[entry.cell][row]
        sums[entry.cell][row] = had[0] + entry.first, had[1] + entry.second
    found = {cell: {row: pair for row, pair in rows.items() if any(pair)} for cell, rows in sums.items()}
    return {cell: rows for cell, rows in found.items() if rows}


def entries(world: World) -> Iterator[Entry]:
    """Return everything that is added to rows."""
    yield from clicks(world)
    for goal in world.site.goals:
        claims = claims_of(goal, world.conversions, world.adjustments, world.brought)
        sales = counted(claims, world.touches, world.whose, world.places, world.bounds.budget.latest)
        for sale in sales:
            yield from unrated(sale, goal, world)
            yield from credited(sale, goal, sales, world)


def sizes_of(found: Iterable[Entry]) -> dict[Part, Counter[Name]]:
    """Return the number of touches of each unconfigured ad, by part of an hour. Credit is counted under one model
    only."""
    sizes: dict[Part, Counter[Name]] = defaultdict(Counter)
    for entry in found:
        if entry.name and entry.name.campaign is not None and entry.cell[2] in ("clicks", "linear"):
            sizes[entry.part][entry.name] += 1
    return sizes


def clicks(world: World) -> Iterator[Entry]:
    """Return an entry for each click and view; copies in an hour count once."""
    first: dict[tuple[int, str], Touch] = {}
    for touch in in_order(world.touches):
        first.setdefault((hour_of(touch.at, world.site.timezone), click_key(touch)), touch)
    for (hour, key), touch in first.items():
        is_click = int(touch.kind == "click")
        name, part = name_of(touch, world.site.ads), part_of(key, hour, world.site.steps)
        yield Entry((hour, "", "clicks"), (name.ad, ""), is_click, 1 - is_click, part, name)


def unrated(sale: Sale, goal: Goal, world: World) -> Iterator[Entry]:
    """Return the entries of a conversion whose value has a part without an exchange rate, by currency."""
    cell = hour_of(sale.claim.winner.at, world.site.timezone), "", "no_rate"
    amounts, part = lacking(sale.claim, world.site, world.table), (cell[0], 0)
    if amounts:
        yield Entry(cell, (goal.key, ""), 1, 0, part)
    for currency, amount in amounts:
        yield Entry(cell, (goal.key, currency), 0, amount, part)


def credited(sale: Sale, goal: Goal, sales: list[Sale], world: World) -> Iterator[Entry]:
    """Return each touch's share of a conversion and its value, under each model. Without a touch, all of it is
    unattributed."""
    site, at = world.site, sale.claim.winner.at
    value = value_of(sale.claim, site, world.table)
    hour = hour_of(at, site.timezone)
    part = part_of(claim_key(sale.claim.winner), hour, site.steps)
    for model, weights in weights_of(sale, sales, world).items():
        cell = hour, goal.key, model
        if not sale.path:
            yield Entry(cell, (None, day_of(at, site.timezone)), ONE, value, part)
            continue
        for touch, credit, share in zip(sale.path, divide(ONE, weights), divide(value, weights), strict=True):
            name = name_of(touch, site.ads)
            yield Entry(cell, (name.ad, day_of(touch.at, site.timezone)), credit, share, part, name)


def weights_of(sale: Sale, sales: list[Sale], world: World) -> dict[str, Weights]:
    """Return model -> the weights of the path's touches."""
    site, at = world.site, sale.claim.winner.at
    ages = [at - touch.at for touch in sale.path]
    taught = lesson(month_before(month_of(at, site.timezone)), sales, world.touches, world.whose, site)
    by_age = {model: weigh(ages, site) for model, weigh in BY_AGE.items()}
    return {**by_age, **learnt_weights(sale.path, taught, site)}
