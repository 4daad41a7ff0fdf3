"""Goals: the conversions that a hit makes. Rules: `docs/models.md`, Facts."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from tests.properties.recomputation.addresses import named
from tests.properties.recomputation.globs import is_like
from tests.properties.recomputation.records import Conversion, Goal, Hit, Site, Version, read


def conversions_of(hit: Hit, site: Site) -> Iterator[Conversion]:
    """Return a conversion for each goal that the hit meets."""
    for goal in site.goals:
        version = in_force(goal, hit.at)
        if version and is_met(hit, goal, version):
            own = {"hit": hit.id, "goal": goal.uid, "version": version.version, "unreadable": "value" in hit.unread}
            yield read(Conversion, vars(hit) | {"click": named(hit.click)}, **own)


def in_force(goal: Goal, at: int) -> Version | None:
    """Return the newest version of a goal that has begun; None if that version switches the goal off."""
    begun = [version for version in goal.versions if version.starts_at <= at]
    newest = max(begun, key=lambda version: version.version, default=None)
    return newest if newest and newest.active else None


def is_met(hit: Hit, goal: Goal, version: Version) -> bool:
    """Whether a hit meets a version of a goal: by the goal's key, the event's name, or the path of the page."""
    by_key = hit.type == "conversion" and hit.name == goal.key
    by_event = version.event != "" and hit.name == version.event
    path = unquote(urlsplit(hit.url).path or "/") if hit.url else ""
    return by_key or by_event or (hit.type == "page" and version.path != "" and is_like(unquote(version.path), path))
