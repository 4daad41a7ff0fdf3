"""Restore: restores the configuration from a snapshot in one transaction. All restored sites are then rolled up again.

Facts refer to goals and versions. Therefore no goal or version is removed, and missing versions are added. If a goal's
present rules differ from the snapshot, the goal gets a new version with the snapshot's rules, which takes effect like
any new version. A revoked token stays revoked.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

from conversions.configuration.snapshot import FORM, RULES, own_fields, plain_campaigns
from conversions.marks.marks import mark_site
from conversions.models import Ad, Campaign, Goal, GoalVersion, MatchRule
from tracker.collection.failure import Permanent
from tracker.models import Account, Site, Token

Plain = dict[str, Any]
M = TypeVar("M", bound=Model)


class BadSnapshot(Permanent):
    """Raised if a snapshot can't be restored, because it is no snapshot or contradicts the present rows. The message
    says why."""


class Restored(msgspec.Struct):
    """How many rows were restored, and how the configuration differs from the snapshot."""

    accounts: int = 0
    sites: int = 0
    ads: int = 0
    goals: int = 0
    #: The differences: users that are missing, rows that are newer than the snapshot, and fields that an older snapshot
    #: lacks.
    notes: list[str] = []


def decode_snapshot(body: bytes) -> Plain:
    """Decode the body of a snapshot into JSON types. Raises BadSnapshot if it is no snapshot."""
    try:
        found: Plain = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadSnapshot(f"The object is no snapshot: {error}") from error
    if not isinstance(found, dict) or found.get("form") != FORM:
        raise BadSnapshot(f"This version of the program reads snapshots of form {FORM}; this one has another")
    return found


def restore(configuration: Plain) -> Restored:
    """Restore the configuration in a decoded snapshot, in one transaction. Raises BadSnapshot."""
    done = Restored()
    try:
        with transaction.atomic():
            for account in configuration["accounts"]:
                _account(account, done)
    except (KeyError, TypeError, ValidationError, IntegrityError) as error:
        why = " ".join(error.messages) if isinstance(error, ValidationError) else repr(error)
        raise BadSnapshot(f"Nothing was restored: {why}") from error
    return done


def _account(given: Plain, done: Restored) -> None:
    account = fill(_find_account(given), given, own_fields(Account))
    account.save()
    _users(account, given["users"], done)
    for token in given["tokens"]:
        _token(account, token)
    for site in given["sites"]:
        _site(account, site, done)
    known = [site["key"] for site in given["sites"]]
    done.notes += [f"site {site.key} is newer and stays" for site in account.sites.exclude(key__in=known)]
    done.accounts += 1


def _find_account(given: Plain) -> Account:
    """Find the account that owns one of the snapshot's sites. If there is none, find the account with the name in the
    snapshot. If there is none either, make a new account."""
    site = Site.objects.filter(key__in=[site["key"] for site in given["sites"]]).select_related("account").first()
    return site.account if site else Account.objects.filter(name=given["name"]).first() or Account()


def _users(account: Account, names: list[str], done: Restored) -> None:
    users = {user.get_username(): user for user in get_user_model().objects.filter(username__in=names)}
    account.users.add(*users.values())
    done.notes += [f"user {name} of {account} is missing: make the user again" for name in names if name not in users]


def _token(account: Account, given: Plain) -> None:
    token = Token.objects.filter(sha256=given["sha256"]).first()
    if token is None:
        fill(Token(account=account), given, own_fields(Token)).save()
    elif token.revoked_at is None and given["revoked_at"]:
        fill(token, given, ("revoked_at",)).save()


def _site(account: Account, given: Plain, done: Restored) -> None:
    site = Site.objects.filter(key=given["key"]).first() or Site(account=account)
    if site.pk and site.account_id != account.pk:
        raise BadSnapshot(f"site {site.key} belongs to another account now")
    first_hit_at = site.first_hit_at
    fill(site, given, own_fields(Site))
    site.first_hit_at = first_hit_at or site.first_hit_at
    site.save()
    _campaigns(site, given["campaigns"], done)
    for goal in given["goals"]:
        _goal(site, goal, done)
    newer = site.goals.exclude(uid__in=[goal["uid"] for goal in given["goals"]])
    done.notes += [f"goal {goal.key} of site {site.key} is newer and stays" for goal in newer]
    mark_site(site.key)
    done.sites += 1


def _campaigns(site: Site, given: list[Plain], done: Restored) -> None:
    """Replace the site's campaigns, ads and rules by those of the snapshot, if they differ. All ads are deleted and
    made again, because ads are matched in the order of their ids."""
    done.ads += sum(len(campaign["ads"]) for campaign in given)
    if plain_campaigns(site) == given:
        return
    for ad in Ad.objects.filter(campaign__site=site):
        ad.delete()
    for campaign in site.campaigns.exclude(key__in=[one["key"] for one in given]):
        campaign.delete()
    rows = [_campaign(site, one) for one in given]
    ads = [(row, ad) for row, one in zip(rows, given, strict=True) for ad in one["ads"]]
    # An older snapshot has no ranks. Its ads are made in the order in which it lists them.
    for row, one in sorted(ads, key=lambda pair: pair[1].get("rank", 0)):
        _ad(row, one, done)


def _campaign(site: Site, given: Plain) -> Campaign:
    row = fill(site.campaigns.filter(key=given["key"]).first() or Campaign(site=site), given, own_fields(Campaign))
    row.save()
    return row


def _ad(campaign: Campaign, given: Plain, done: Restored) -> None:
    ad = fill(Ad(campaign=campaign), given, own_fields(Ad))
    ad.save()
    for rule in given["rules"]:
        if any(rule.values()):
            fill(MatchRule(ad=ad), rule, own_fields(MatchRule)).save()
    if any("campaign" not in rule for rule in given["rules"]):
        done.notes.append(f"rules of ad {ad.key}: this older snapshot does not tell their utm_campaign, look at them")


def _goal(site: Site, given: Plain, done: Restored) -> None:
    goal = Goal.objects.filter(uid=given["uid"]).first() or Goal(site=site)
    if goal.site_id != site.pk or site.goals.filter(key=given["key"]).exclude(pk=goal.pk).exists():
        raise BadSnapshot(f"site {site.key} has another goal {given['key']!r} now, which has conversions")
    fill(goal, given, own_fields(Goal))
    if goal.pk is None:
        # `save` would make a version. The versions are made below, from the snapshot.
        goal.clean()
        Goal.objects.bulk_create([goal])
        goal = Goal.objects.get(uid=given["uid"])
    for version in given["versions"]:
        _version(goal, version)
    goal.save()
    done.goals += 1


def _version(goal: Goal, given: Plain) -> None:
    """Make a version of a goal if it is missing. If the version exists and starts later than in the snapshot, set the
    snapshot's start."""
    known = goal.versions.filter(version=given["version"]).first()
    if known is None:
        fill(GoalVersion(goal=goal), given, ("version", "starts_at", *RULES)).save()
    elif given["starts_at"] < known.starts_at:
        goal.versions.filter(pk=known.pk).update(starts_at=given["starts_at"])


def fill(row: M, given: Plain, fields: Iterable[str]) -> M:
    """Copy these fields from the snapshot to a row. If an older snapshot lacks a field, the row's value stays."""
    for name in fields:
        if name in given:
            setattr(row, name, type(row)._meta.get_field(name).to_python(given[name]))  # type: ignore[union-attr]
    return row
