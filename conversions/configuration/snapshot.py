"""Snapshot: stores the whole configuration as an object in the archive after each change.

A snapshot is stored when a change commits. Beat also compares a digest each minute. Therefore no change is missed, and
a failed snapshot is tried again. A snapshot has no passwords. It has no exchange rates, because rate files can be
loaded again.
"""

import logging
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Protocol

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from conversions.models import Ad, Campaign, Goal, GoalRules, LastSnapshot
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.away import AWAY
from tracker.models import Account, Site, Token

logger = logging.getLogger(__name__)

#: The version of the snapshot's format.
FORM = 1
#: Fields that the database sets. Relations are also left out, because the snapshot is nested.
NOT_KEPT = {"id", "created_at"}
RULES = tuple(field.name for field in GoalRules._meta.fields)

Plain = dict[str, Any]


class SnapshotArchive(Protocol):
    """The part of an archive that stores snapshots."""

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Store a snapshot and return its key. `made_at`: ms. `nonce`: a random part of the key."""


def read_configuration() -> Plain:
    """Read the whole configuration as JSON types. If nothing has changed, the next read gives exactly the same."""
    accounts = Account.objects.order_by("pk").prefetch_related(
        "users", "tokens", "sites__campaigns__ads__rules", "sites__goals__versions"
    )
    return {"form": FORM, "accounts": [_account(row) for row in accounts]}


def _account(row: Account) -> Plain:
    return {
        **plain_fields(row, own_fields(Account)),
        "users": sorted(user.get_username() for user in row.users.all()),
        "tokens": [plain_fields(token, own_fields(Token)) for token in sorted_by_id(row.tokens.all())],
        "sites": [_site(site) for site in sorted_by_id(row.sites.all())],
    }


def _site(row: Site) -> Plain:
    return {
        **plain_fields(row, own_fields(Site)),
        "campaigns": plain_campaigns(row),
        "goals": [_goal(goal) for goal in sorted_by_id(row.goals.all())],
    }


def plain_campaigns(row: Site) -> list[Plain]:
    """Return the campaigns of a site with their ads. `rank` is an ad's place in the order in which ads are matched."""
    campaigns = sorted_by_id(row.campaigns.all())
    ads = sorted_by_id(ad for campaign in campaigns for ad in campaign.ads.all())
    ranks = {ad.pk: rank for rank, ad in enumerate(ads)}
    return [_campaign(campaign, ranks) for campaign in campaigns]


def _campaign(row: Campaign, ranks: dict[int, int]) -> Plain:
    return {
        **plain_fields(row, own_fields(Campaign)),
        "ads": [_ad(ad, ranks[ad.pk]) for ad in sorted_by_id(row.ads.all())],
    }


def _ad(row: Ad, rank: int) -> Plain:
    rules = [plain_fields(rule, own_fields(type(rule))) for rule in sorted_by_id(row.rules.all())]
    return {**plain_fields(row, own_fields(Ad)), "rank": rank, "rules": rules}


def _goal(row: Goal) -> Plain:
    versions = sorted(row.versions.all(), key=lambda version: version.version)
    rules = [plain_fields(version, ("version", "starts_at", *RULES)) for version in versions]
    return {**plain_fields(row, own_fields(Goal)), "versions": rules}


def own_fields(model: type[Model]) -> tuple[str, ...]:
    """List the fields of a model that a snapshot has."""
    fields = model._meta.concrete_fields
    return tuple(field.name for field in fields if not field.is_relation and field.name not in NOT_KEPT)


def plain_fields(row: Model, fields: Iterable[str]) -> Plain:
    """Return these fields of a row as name -> value."""
    return {name: getattr(row, name) for name in fields}


def sorted_by_id(rows: Iterable[Any]) -> list[Any]:
    """Sort rows by id, the order in which they were made."""
    return sorted(rows, key=lambda row: row.pk)


def encode_snapshot(configuration: Plain) -> bytes:
    """Serialize a configuration as JSON."""
    return msgspec.json.format(msgspec.json.encode(configuration), indent=1)


def keep(archive: SnapshotArchive, now: int) -> str | None:
    """Store a snapshot if the configuration has changed since the last snapshot. Returns the snapshot's key; None if
    nothing was stored.

    A read may see only a part of a change that commits at the same time. Therefore the configuration is read twice. If
    the two reads differ, nothing is stored, and the next call tries again. The digest includes the archive's address.
    Therefore a new archive gets a snapshot at once.
    """
    body = encode_snapshot(read_configuration())
    digest = sha256(settings.ARCHIVE_URL.encode() + body).hexdigest()
    if LastSnapshot.digest_of_last() == digest or encode_snapshot(read_configuration()) != body:
        return None
    key = archive.put_snapshot(now, secrets.token_hex(4), body)
    LastSnapshot.objects.update_or_create(pk=1, defaults={"digest": digest, "key": key})
    return key


def keep_soon() -> None:
    """Store a snapshot when the present transaction commits. Call it in the transaction of each change. Several calls
    in one transaction store one snapshot."""
    if not any(function is keep_now for _, function, *_ in connection.run_on_commit):
        # `robust`: if the snapshot fails, the change must still succeed.
        transaction.on_commit(keep_now, robust=True)


def keep_now() -> None:
    """Store a snapshot if the configuration has changed. If the archive can't be reached, beat tries again."""
    try:
        keep(open_archive(), now_ms())
    except AWAY as error:
        logger.warning("the configuration's snapshot waits: %s", error)
