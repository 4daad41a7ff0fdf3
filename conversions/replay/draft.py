"""Draft: makes the record of a goal that isn't saved. Its rules apply from a chosen instant on."""

from collections.abc import Mapping
from typing import Any

import msgspec

from conversions.configuration.loading import version_of
from conversions.models import Goal as GoalRow
from conversions.models import GoalVersion as VersionRow
from conversions.rules.goals import Goal
from conversions.rules.site import SiteConfig
from tracker.models import Site

#: The name of a draft without a key. It can't be a real key, because keys have no parentheses.
NAMELESS = "(draft)"


def draft_goal(site: Site, config: SiteConfig, key: str, rules: Mapping[str, Any], since: int) -> Goal:
    """Make the record of a goal with these rules, which apply from the instant `since` (ms) on. Nothing is saved.
    Raises ValidationError.

    If the site has a saved goal with this key, the draft has the saved goal's rules where `rules` has none.
    """
    saved = GoalRow.objects.filter(site=site, key=key).first() if key else None
    row = GoalRow(site=site, key=key or "draft", **{**(saved.rules() if saved else {}), **rules})
    row.full_clean(exclude=["site", "uid"], validate_unique=False, validate_constraints=False)
    known = config.goal(saved.uid) if saved else None
    versions = known.versions if known else ()
    number = max((version.version for version in versions), default=0) + 1
    version = version_of(VersionRow(version=number, starts_at=since, **row.rules()), config.currency, site.open_values)
    if known is None:
        return Goal(uid=NAMELESS, key=key or NAMELESS, versions=(version,))
    return msgspec.structs.replace(known, versions=(*versions, version))
