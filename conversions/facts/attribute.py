"""Attribution: makes facts, rejected hits and increments of counters from hits and the configuration. Pure.

Each hit is processed without knowledge of other hits.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from conversions.facts.ad_names import OTHER, AdNames
from conversions.facts.counts import MAX_COUNT, Count
from conversions.facts.handover import landing_touch
from conversions.facts.records import Adjustment, Conversion, Fact, Link, Touch, named_click
from conversions.facts.rejected import RejectedHit, rejected_hit
from conversions.facts.touch import click_id_of, make_touch
from conversions.facts.value import base_value, needs_token
from conversions.rules.goals import Goal, GoalVersion, is_met
from conversions.rules.site import SiteConfig
from conversions.rules.traffic import why_rejected
from conversions.units.clock import bucket_of
from tracker.collection.hit import Batch, Hit
from tracker.collection.nobody import someone

#: The key of a live counter: site, bucket, goal, ad and metric.
CountKey = tuple[str, int, str, str, str]


class Outcome(msgspec.Struct, frozen=True):
    """The result of a batch: its facts, its rejected hits, and its increments of live counters."""

    facts: tuple[Fact, ...]
    rejected: tuple[RejectedHit, ...]
    counts: tuple[Count, ...]


def attribute(hits: Iterable[Hit], sites: Mapping[str, SiteConfig | None], batch: str) -> Outcome:
    """Make the facts, rejected hits and counter increments of one batch; see `attribute_batches`."""
    return attribute_batches([Batch(batch, tuple(hits))], sites)


def attribute_batches(batches: Iterable[Batch], sites: Mapping[str, SiteConfig | None]) -> Outcome:
    """Make the facts, rejected hits and counter increments of several batches.

    `sites`: site key -> its configuration; None if no site has this key.
    """
    facts: list[Fact] = []
    rejected: list[RejectedHit] = []
    counts: Counter[CountKey] = Counter()
    names = {key: AdNames(site.ads) for key, site in sites.items() if site}
    for batch, hit in ((one.id, hit) for one in batches for hit in one.hits):
        site = sites[hit.site]
        if site is None:
            rejected.append(rejected_hit(hit, batch, "unknown_site", "site", "No site has this key."))
            continue
        if reason := why_rejected(hit, site.traffic):
            rejected.append(rejected_hit(hit, batch, reason.code, reason.field, reason.detail))
            continue
        made = make_facts(hit, site, batch)
        facts.extend(made)
        _count(counts, hit, made, site, names[hit.site])
        if hit.type == "conversion" and not any(isinstance(fact, Conversion) for fact in made):
            rejected.append(rejected_hit(hit, batch, "no_goal", "name", f"No goal in force is met by {hit.name!r}."))
        if hit.unread:
            rejected.extend(unread_fields(hit, batch))
    increments = [Count(*key, max(-MAX_COUNT, min(amount, MAX_COUNT))) for key, amount in counts.items() if amount]
    return Outcome(tuple(facts), tuple(rejected), tuple(increments))


def make_facts(hit: Hit, site: SiteConfig, batch: str) -> list[Fact]:
    """Make all facts of a hit: a touch, conversions and a link, or an adjustment. The list may be empty."""
    if hit.type == "adjustment":
        return [make_adjustment(hit, batch)]
    user = someone(hit.user)
    touch = landing_touch(hit, site) or make_touch(hit)
    made: list[Touch | Conversion] = [touch] if touch else []
    made.extend(make_conversions(hit, site.goals))
    facts: list[Fact] = [
        msgspec.structs.replace(fact, user=user, bucket=bucket_of(fact.at, site.timezone), batch=batch) for fact in made
    ]
    return [*facts, make_link(hit, user, batch)] if user else facts


def make_link(hit: Hit, user: str, batch: str) -> Link:
    """Make the link of a hit that names a user: the fact that the hit's visitor is this user.

    Adjustments make no link. The shop's server sends them, and an adjustment's visitor is not the buyer's browser.
    """
    return Link(site=hit.site, visitor=hit.visitor, user=user, at=hit.at, hit=hit.id, batch=batch)


def make_adjustment(hit: Hit, batch: str) -> Adjustment:
    """Make the adjustment of a hit of type `adjustment`, such as the refund of an order."""
    assert hit.kind is not None
    return Adjustment(
        site=hit.site,
        order=hit.order,
        at=hit.at,
        hit=hit.id,
        kind=hit.kind,
        value=hit.value,
        currency=hit.currency,
        batch=batch,
        trusted=hit.trusted,
        click=click_named_by(hit),
    )


def click_named_by(hit: Hit) -> str:
    """Return the click id that a hit names; empty if it names none. A long id is shortened in the same way as the ids
    of touches."""
    return named_click(click_id_of(hit.click))


def unread_fields(hit: Hit, batch: str) -> Iterator[RejectedHit]:
    """Make a rejected hit for each field that could not be read: the amount or the time. The hit itself still
    counts."""
    for field, text in hit.unread.items():
        if field == "value":
            yield rejected_hit(
                hit, batch, "bad_value", field, f"The amount {text!r} can't be read. The hit counts without a value."
            )
        else:
            yield rejected_hit(
                hit, batch, "bad_ts", field, f"The time {text!r} can't be read. The hit has the time of its receipt."
            )


def _count(counts: Counter[CountKey], hit: Hit, facts: Iterable[Fact], site: SiteConfig, names: AdNames) -> None:
    bucket = bucket_of(hit.at, site.timezone)
    counts[hit.site, bucket, "", "", "hits"] += 1
    for fact in facts:
        if isinstance(fact, Touch):
            if fact.hit != hit.id:
                continue  # The landing page repeats a click that `/click` has already counted.
            name = names.name(fact)
            # Only configured ads have counters. Otherwise anybody could create any number of counters.
            counts[hit.site, bucket, "", name.ad if name.configured else OTHER.ad, f"{fact.kind}s"] += 1
        elif (version := _version_of(fact, site)) and isinstance(fact, Conversion) and not needs_token(fact, version):
            counts[hit.site, bucket, fact.goal, "", "conversions"] += 1
            counts[hit.site, bucket, fact.goal, "", "value"] += base_value(fact, version, site)[0]


def _version_of(fact: Fact, site: SiteConfig) -> GoalVersion | None:
    goal = site.goal(fact.goal) if isinstance(fact, Conversion) else None
    return goal.in_force(fact.at) if goal else None


def make_conversions(hit: Hit, goals: Iterable[Goal]) -> Iterator[Conversion]:
    """Make a conversion for each goal that a hit meets. The hit is compared with the version that was in force at the
    hit's time."""
    for goal in goals:
        version = goal.in_force(hit.at)
        if version and is_met(hit, goal, version):
            yield Conversion(
                site=hit.site,
                visitor=hit.visitor,
                at=hit.at,
                hit=hit.id,
                goal=goal.uid,
                version=version.version,
                order=hit.order,
                value=hit.value,
                currency=hit.currency,
                trusted=hit.trusted,
                unreadable="value" in hit.unread,
                click=click_named_by(hit),
            )
