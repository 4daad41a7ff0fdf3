"""The report straight from a set of hits and the final configuration: no store, no order, no marks.

Written against design.md alone and as plainly as can be, so that it can disagree with the pipeline.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from conversions.attribution.credit import MODELS
from conversions.facts import person
from conversions.facts.ad_names import name_touch
from conversions.facts.attribute import facts_of
from conversions.facts.records import Adjustment, Conversion, Link, Touch, digest
from conversions.rules.goals import GoalVersion
from conversions.rules.site import SiteConfig
from conversions.units.clock import bucket_of, day_of
from tests.properties.relearn import learnt_weights, names_of, own_touches, unbeaten
from tracker.collection.hit import Hit

#: Half-life (ms), first and last percents; from how long before the conversion each touch was.
WEIGHTS: dict[str, Callable[[list[int], int, int, int], list[Any]]] = {
    "last": lambda ages, *_: [0] * (len(ages) - 1) + [1],
    "first": lambda ages, *_: [1] + [0] * (len(ages) - 1),
    "linear": lambda ages, *_: [1] * len(ages),
    "time_decay": lambda ages, half_life, *_: [Fraction(PRECISE.power(2, Decimal(-age) / half_life)) for age in ages],
    "position": lambda ages, _, first, last: by_position(len(ages), first, last),
}
#: Those of the tables here, in the order of their codes.
CURRENCIES = ("CHF", "EUR", "GBP", "JPY", "USD")
#: Far more places than a micro of any value.
PRECISE = Context(prec=60)


def by_position(size: int, first: int, last: int) -> list[Fraction]:
    if size <= 2:
        return [[Fraction(1)], [Fraction(first or not last), Fraction(last or not first)]][size - 1]
    return [Fraction(first), *[Fraction(100 - first - last, size - 2)] * (size - 2), Fraction(last)]


def key(fact: Any) -> tuple[int, str, str]:
    return fact.at, fact.hit, digest(fact)


def divide(amount: int, weights: list[Any]) -> list[int]:
    exact = [Fraction(abs(amount) * weight) / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    for n in sorted(range(len(exact)), key=lambda n: (parts[n] - exact[n], n))[: abs(amount) - sum(parts)]:
        parts[n] += 1
    return [part if amount >= 0 else -part for part in parts]


def times(amount: int, version: GoalVersion) -> int:
    exact = Fraction(amount * (1_000_000 if version.factor is None else version.factor), 1_000_000)
    return int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)


def once_each(touches: Iterable[Touch]) -> list[Touch]:
    kept: list[Touch] = []
    for touch in sorted(touches, key=key):
        same_hit = any(touch.hit == had.hit for had in kept)
        same_click = touch.click_id and any(
            (touch.visitor, touch.network, touch.click_id) == (had.visitor, had.network, had.click_id) for had in kept
        )
        if not same_hit and not same_click:
            kept.append(touch)
    return kept


#: On a day, what one of the first currency is worth in the second.
Table = Mapping[str, Mapping[tuple[str, str], Fraction]]


def rate_of(row: Conversion | Adjustment, site: SiteConfig, table: Table) -> Fraction | None:
    if row.currency in ("", site.currency):
        return Fraction(1)
    own, into, day = row.currency, site.currency, date.fromisoformat(day_of(row.at, site.timezone))
    for back in range(8):
        told = table.get(str(day - timedelta(days=back)), {})
        ways = [told[own, into]] if (own, into) in told else []
        ways += [1 / told[into, own]] if (into, own) in told else []
        ways += [
            told[base, into] / told[base, own] for base in CURRENCIES if {(base, into), (base, own)} <= told.keys()
        ]
        if ways:
            return ways[0]
    return None


def in_site_currency(row: Conversion | Adjustment, site: SiteConfig, table: Table) -> int:
    return round((row.value or 0) * (rate_of(row, site, table) or 0))


def is_set_aside(hit: Hit, site: SiteConfig) -> bool:
    own = hit.ip in site.traffic.own_networks and hit.type != "adjustment"
    return "Googlebot" in hit.ua or hit.prefetch or own


def persons_of(facts: Iterable[Any]) -> Callable[[Touch | Conversion], str]:
    """Whose a fact is: its hit's user's, else that of the visitor's next link, else of the last; else the visitor's.
    Too many visitors of a user, or users of a visitor, are nobody."""
    links = sorted((fact for fact in facts if isinstance(fact, Link)), key=key)

    def whose(fact: Touch | Conversion) -> str:
        mine = [link for link in links if link.visitor == fact.visitor]
        coming = [link.user for link in mine if link.at >= fact.at] or [link.user for link in mine[-1:]]
        user = fact.user or (coming or [""])[0]
        alike = {link.visitor for link in links if link.user == user}
        crowded = len(alike) > person.MOST_VISITORS or len({link.user for link in mine}) > person.MOST_USERS
        return f"visitor {fact.visitor}" if crowded or not user else f"user {user}"

    return whose


def recompute(hits: Iterable[Hit], site: SiteConfig, table: Table | None = None) -> dict[tuple[int, str, str], Any]:
    """Rows by (bucket, goal key, model); clicks under the goal '' and the model 'clicks'; likewise, by goal
    key and currency, what lacks a rate under 'no_rate': conversions where there is no currency, else the amount."""
    people = [hit for hit in hits if not is_set_aside(hit, site)]
    facts = {fact for hit in people for fact in facts_of(hit, site, "")}
    whose = persons_of(facts)
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    adjustments = [fact for fact in facts if isinstance(fact, Adjustment)]
    report: dict[tuple[int, str, str], Any] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for bucket in {touch.bucket for touch in touches}:
        for touch in once_each(touch for touch in touches if touch.bucket == bucket):
            row = report[bucket, "", "clicks"][name_touch(touch, site.ads).ad, ""]
            row[0 if touch.kind == "click" else 1] += 1
    for goal in site.goals:
        claims: dict[str, list[Conversion]] = defaultdict(list)
        for fact in facts:
            if isinstance(fact, Conversion) and fact.goal == goal.uid:
                version = goal.in_force(fact.at)
                if version and version.version == fact.version:
                    claims[fact.claim].append(fact)
        persons: set[str] = set()
        #: By month, the paths that converted, and who did.
        converted: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        converters: dict[str, set[str]] = defaultdict(set)
        clicked: set[tuple[str, str, str, str]] = set()
        for claim in sorted(claims.values(), key=lambda rows: min(key(row) for row in rows)):
            winner = min(claim, key=key)
            version = goal.in_force(winner.at)
            assert version
            value = times(in_site_currency(winner, site, table or {}), version)
            value = version.fixed_value if version.fixed_value is not None else value
            retracted, seen = False, set()
            lacking = [(winner, 1)] if version.fixed_value is None else []
            for change in sorted((row for row in adjustments if row.claim == winner.claim), key=key):
                if change.hit in seen:
                    continue
                seen.add(change.hit)
                amount = times(in_site_currency(change, site, table or {}), version)
                if change.kind == "retract":
                    retracted = True
                elif change.kind == "restate":
                    value, retracted = amount, False
                    lacking = [(change, 1)]
                else:
                    value -= amount
                    lacking.append((change, -1))
            if retracted:
                continue
            window = {"click": version.click_window, "view": version.view_window}
            claimants = {whose(row) for row in claim}
            inside = [touch for touch in sorted(touches, key=key) if 0 <= winner.at - touch.at <= window[touch.kind]]
            seen_last: dict[tuple[str, str], list[Touch]] = defaultdict(list)
            for touch in inside:
                seen_last[touch.visitor, touch.kind].append(touch)
            newest_seen = {touch for some in seen_last.values() for touch in some[-version.most_touches :]}
            inside = [touch for touch in inside if whose(touch) in claimants and touch in newest_seen]
            newest = [[touch for touch in inside if touch.kind == kind][-version.most_touches :] for kind in window]
            path = once_each(touch for touches_of_kind in newest for touch in touches_of_kind)
            clicks = [touch for touch in path if touch.kind == "click"]
            path = clicks or path
            brought_by = {(whose(one), one.visitor, one.network, one.click_id or one.hit) for one in clicks[-1:]}
            late = {"every": False, "once": bool(claimants & persons), "click": bool(brought_by & clicked)}
            persons |= claimants
            clicked |= brought_by
            if late[version.counting]:
                continue
            wanting = report[bucket_of(winner.at, site.timezone), "", "no_rate"]
            lacking = [(row, sign) for row, sign in lacking if row.value and rate_of(row, site, table or {}) is None]
            wanting[goal.key, ""][0] += bool(lacking)
            for change, sign in lacking:
                wanting[goal.key, change.currency][1] += sign * times(change.value or 0, version)
            month = day_of(winner.at, site.timezone)[:7]
            before = str(date.fromisoformat(f"{month}-01") - timedelta(days=1))[:7]
            unconverted: dict[str, list[Touch]] = defaultdict(list)
            for touch in own_touches(touches, site, before):
                if whose(touch) not in converters[before]:
                    unconverted[whose(touch)].append(touch)
            others = [names_of(unbeaten(once_each(some)), site) for some in unconverted.values()]
            converted[month].append(names_of(path, site))
            converters[month] |= claimants
            ages = [winner.at - touch.at for touch in path]
            terms = site.terms.half_life, site.terms.position_first, site.terms.position_last
            by_model = {model: weights(ages, *terms) for model, weights in WEIGHTS.items() if path}
            by_model |= learnt_weights(converted[before], others, names_of(path, site)) if path else {}
            for model in MODELS:
                rows = report[bucket_of(winner.at, site.timezone), goal.key, model]
                if not path:
                    row = rows[None, day_of(winner.at, site.timezone)]
                    row[0], row[1] = row[0] + 1_000_000, row[1] + value
                parts = by_model.get(model, [])
                credits, values = (divide(amount, parts) if path else [] for amount in (1_000_000, value))
                for touch, credit, worth in zip(path, credits, values, strict=True):
                    row = rows[name_touch(touch, site.ads).ad, day_of(touch.at, site.timezone)]
                    row[0], row[1] = row[0] + credit, row[1] + worth
    return {cell: {name: tuple(row) for name, row in rows.items() if any(row)} for cell, rows in report.items()}
