"""Snapshot: the whole configuration -> one object of the archive, each time that it changed.

Who saves a change has it kept once that is committed. Beat does so each minute: what changed is found by comparing, so
no change can slip by, however it was made, and what the archive couldn't take waits. Not in it: people's passwords, and
the rate table, whose files can be loaded again.
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

from conversions.models import Ad, Campaign, Goal, GoalRules, Kept
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.away import AWAY
from tracker.models import Account, Site, Token

logger = logging.getLogger(__name__)

#: The form of a snapshot; a later program may write another.
FORM = 1
#: What a row has of its own accord. Relations aren't kept either: where a row stands tells them.
NOT_KEPT = {"id", "created_at"}
RULES = tuple(field.name for field in GoalRules._meta.fields)

Plain = dict[str, Any]


class SnapshotArchive(Protocol):
    """What keeping snapshots needs of the archive."""

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Keep a snapshot; gives its key."""


def take() -> Plain:
    """The configuration as plain JSON types, the same text as long as nothing changes."""
    accounts = Account.objects.order_by("pk").prefetch_related(
        "users", "tokens", "sites__campaigns__ads__rules", "sites__goals__versions"
    )
    return {"form": FORM, "accounts": [_account(row) for row in accounts]}


def _account(row: Account) -> Plain:
    return {
        **plain(row, own_fields(Account)),
        "users": sorted(user.get_username() for user in row.users.all()),
        "tokens": [plain(token, own_fields(Token)) for token in in_order(row.tokens.all())],
        "sites": [_site(site) for site in in_order(row.sites.all())],
    }


def _site(row: Site) -> Plain:
    return {
        **plain(row, own_fields(Site)),
        "campaigns": campaigns_of(row),
        "goals": [_goal(goal) for goal in in_order(row.goals.all())],
    }


def campaigns_of(row: Site) -> list[Plain]:
    """The campaigns of a site with their ads, each with its rank: ads are tried in one order over the whole site."""
    campaigns = in_order(row.campaigns.all())
    ads = in_order(ad for campaign in campaigns for ad in campaign.ads.all())
    ranks = {ad.pk: rank for rank, ad in enumerate(ads)}
    return [_campaign(campaign, ranks) for campaign in campaigns]


def _campaign(row: Campaign, ranks: dict[int, int]) -> Plain:
    return {**plain(row, own_fields(Campaign)), "ads": [_ad(ad, ranks[ad.pk]) for ad in in_order(row.ads.all())]}


def _ad(row: Ad, rank: int) -> Plain:
    rules = [plain(rule, own_fields(type(rule))) for rule in in_order(row.rules.all())]
    return {**plain(row, own_fields(Ad)), "rank": rank, "rules": rules}


def _goal(row: Goal) -> Plain:
    versions = sorted(row.versions.all(), key=lambda version: version.version)
    told = [plain(version, ("version", "starts_at", *RULES)) for version in versions]
    return {**plain(row, own_fields(Goal)), "versions": told}


def own_fields(model: type[Model]) -> tuple[str, ...]:
    """The fields that are kept of a model."""
    fields = model._meta.concrete_fields
    return tuple(field.name for field in fields if not field.is_relation and field.name not in NOT_KEPT)


def plain(row: Model, fields: Iterable[str]) -> Plain:
    """Some fields of a row."""
    return {name: getattr(row, name) for name in fields}


def in_order(rows: Iterable[Any]) -> list[Any]:
    """Rows as they were made."""
    return sorted(rows, key=lambda row: row.pk)


def encode(configuration: Plain) -> bytes:
    """A snapshot's body."""
    return msgspec.json.format(msgspec.json.encode(configuration), indent=1)


def keep(archive: SnapshotArchive, now: int) -> str | None:
    """Put a snapshot into the archive if the configuration is another than the last one kept; gives its key.

    Of a change that commits while it is read a part may be seen; it is read again, and if that is not the same, the
    next call does it. The archive's address is part of what is compared: a new archive gets a snapshot at once.
    """
    body = encode(take())
    digest = sha256(settings.ARCHIVE_URL.encode() + body).hexdigest()
    if Kept.digest_of_last() == digest or encode(take()) != body:
        return None
    key = archive.put_snapshot(now, secrets.token_hex(4), body)
    Kept.objects.update_or_create(pk=1, defaults={"digest": digest, "key": key})
    return key


def keep_soon() -> None:
    """Call it in the transaction of a change: when that is committed the snapshot is kept, once for all its changes."""
    if not any(function is keep_now for _, function, *_ in connection.run_on_commit):
        # Robust: the change is made, whatever becomes of its snapshot.
        transaction.on_commit(keep_now, robust=True)


def keep_now() -> None:
    """Keep a snapshot if there is something new; what is away is tried again by beat."""
    try:
        keep(open_archive(), now_ms())
    except AWAY as error:
        logger.warning("the configuration's snapshot waits: %s", error)
