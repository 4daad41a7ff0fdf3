"""Attribute: hits and configuration -> facts, rejected hits with their reasons, and counter increments. Pure.

What a hit becomes doesn't depend on other hits.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from conversions.facts.ad_names import OTHER, AdNames
from conversions.facts.counts import MAX_COUNT, Count
from conversions.facts.handover import landing_touch
from conversions.facts.records import Adjustment, Conversion, Fact, Link, Touch, named_click
from conversions.facts.rejected import RejectedHit, rejected_hit
from conversions.facts.touch import click_id_of, touch_of
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
    """What the hits of a batch become."""

    facts: tuple[Fact, ...]
    rejected: tuple[RejectedHit, ...]
    counts: tuple[Count, ...]


def attribute(hits: Iterable[Hit], sites: Mapping[str, SiteConfig | None], batch: str) -> Outcome:
    """Make facts, rejected hits and increments of one batch's hits; see `attribute_batches`."""
    return attribute_batches([Batch(batch, tuple(hits))], sites)


def attribute_batches(batches: Iterable[Batch], sites: Mapping[str, SiteConfig | None]) -> Outcome:
    """Make facts, rejected hits and increments of batches. `sites`: site key -> its configuration, None if there is no
    such site."""
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
        made = facts_of(hit, site, batch)
        facts.extend(made)
        _count(counts, hit, made, site, names[hit.site])
        if hit.type == "conversion" and not any(isinstance(fact, Conversion) for fact in made):
            rejected.append(rejected_hit(hit, batch, "no_goal", "name", f"No goal in force is met by {hit.name!r}."))
        if hit.unread:
            rejected.extend(unread_of(hit, batch))
    increments = [Count(*key, max(-MAX_COUNT, min(amount, MAX_COUNT))) for key, amount in counts.items() if amount]
    return Outcome(tuple(facts), tuple(rejected), tuple(increments))


def facts_of(hit: Hit, site: SiteConfig, batch: str) -> list[Fact]:
    """Make the facts of one hit: a touch, conversions, an adjustment, a link, or none."""
    if hit.type == "adjustment":
        return [adjustment_of(hit, batch)]
    user = someone(hit.user)
    touch = landing_touch(hit, site) or touch_of(hit)
    made: list[Touch | Conversion] = [touch] if touch else []
    made.extend(met_by(hit, site.goals))
    facts: list[Fact] = [
        msgspec.structs.replace(fact, user=user, bucket=bucket_of(fact.at, site.timezone), batch=batch) for fact in made
    ]
    return [*facts, link_of(hit, user, batch)] if user else facts


def link_of(hit: Hit, user: str, batch: str) -> Link:
    """Make the link of a hit: the fact that the hit's visitor named this user.

    `facts_of` makes no link of an adjustment. The shop sends adjustments, and their visitor is not the buyer's browser.
    """
    return Link(site=hit.site, visitor=hit.visitor, user=user, at=hit.at, hit=hit.id, batch=batch)


def adjustment_of(hit: Hit, batch: str) -> Adjustment:
    """Make the adjustment of a hit."""
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
        click=click_of(hit),
    )


def click_of(hit: Hit) -> str:
    """The click id that a hit names, shortened in the same way as the click ids of touches."""
    return named_click(click_id_of(hit.click))


def unread_of(hit: Hit, batch: str) -> Iterator[RejectedHit]:
    """Make a row for each field of a hit that could not be read: the amount or the time. The hit itself counts."""
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
                continue  # A landing page repeats a click that `/click` has counted already.
            name = names.name(fact)
            # Only configured ads have counters. Otherwise strangers could make counters without bound.
            counts[hit.site, bucket, "", name.ad if name.configured else OTHER.ad, f"{fact.kind}s"] += 1
        elif (version := _version_of(fact, site)) and isinstance(fact, Conversion) and not needs_token(fact, version):
            counts[hit.site, bucket, fact.goal, "", "conversions"] += 1
            counts[hit.site, bucket, fact.goal, "", "value"] += base_value(fact, version, site)[0]


def _version_of(fact: Fact, site: SiteConfig) -> GoalVersion | None:
    goal = site.goal(fact.goal) if isinstance(fact, Conversion) else None
    return goal.in_force(fact.at) if goal else None


def met_by(hit: Hit, goals: Iterable[Goal]) -> Iterator[Conversion]:
    """Make the conversions of a hit: one for each goal, if the hit meets the version that is in force at its `at`."""
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
                click=click_of(hit),
            )
