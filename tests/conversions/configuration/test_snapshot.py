"""Snapshots: the configuration is archived whenever it changes, and is restored from there."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import Model
from django.test import Client

from conversions.configuration.loading import load_site
from conversions.configuration.restore import BadSnapshot, decode_snapshot, restore
from conversions.configuration.snapshot import encode_snapshot, keep, read_configuration
from conversions.marks.marks import WHOLE_SITE, open_marks
from conversions.models import Ad, Campaign, Goal, GoalVersion, LastSnapshot, Mark, MatchRule
from conversions.store.port import Store
from conversions.tasks import keep_snapshot
from tests.shop import NOON, Shop
from tracker.archive import FolderArchive, open_archive
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(sql_store: Store, archive: FolderArchive) -> Shop:
    """A shop with an object of each kind that a snapshot holds."""
    shop = Shop(sql_store)
    shop.account.users.add(User.objects.create_user("ursula"))
    Token.issue(shop.account, "report", "hl_report_secret")
    MatchRule.objects.create(ad=shop.ad, source="goo*")
    Site.objects.filter(pk=shop.site.pk).update(first_hit_at="2026-11-01T00:00Z", domains=["shop.example"])
    shop.site.refresh_from_db()
    shop.goal.conditions, shop.goal.factor = "value >= 5\nprop plan is pro", "0.25"  # type: ignore[assignment]
    shop.goal.save()
    return shop


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("restore", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def lose_everything() -> None:
    """Empty the configuration database, but leave the users who can sign in."""
    for model in (MatchRule, Ad, Campaign, GoalVersion, Goal, Token, Site, Mark, LastSnapshot):
        model.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
    Account.users.through.objects.all().delete()
    Account.objects.all()._raw_delete("default")


def test_a_changed_configuration_is_archived_once(shop: Shop, archive: FolderArchive) -> None:
    key = keep(archive, NOON)
    assert key is not None
    assert re.fullmatch(r"configuration/2026/11/20/12/1795176000000-[0-9a-f]{8}\.json\.gz", key)
    assert keep(archive, NOON + 60_000) is None
    assert list(archive.list_snapshots()) == [key]


def rename_ad(shop: Shop) -> None:
    shop.ad.name = "Other"
    shop.ad.save()


def let_someone_in(shop: Shop) -> None:
    shop.account.users.add(User.objects.create_user("bert"))


def change_by_hand(shop: Shop) -> None:
    """Change a row by SQL, as an operator may."""
    Goal.objects.filter(pk=shop.goal.pk).update(name="Other")


def revoke(shop: Shop) -> None:
    Token.objects.get().revoke(NOW)


NOW: Any = "2026-11-20T12:00Z"


@pytest.mark.parametrize(
    "change", [rename_ad, let_someone_in, change_by_hand, revoke, lambda shop: shop.goal.make_retroactive(5)]
)
def test_each_change_is_archived_however_it_was_made(shop: Shop, archive: FolderArchive, change: Any) -> None:
    GoalVersion.objects.update(starts_at=10)
    keep(archive, NOON)
    change(shop)
    assert keep(archive, NOON + 60_000) is not None
    assert len(list(archive.list_snapshots())) == 2


def test_a_snapshot_has_no_password_and_no_token(shop: Shop, archive: FolderArchive) -> None:
    key = keep(archive, NOON)
    assert key is not None
    text = archive.get_snapshot(key).decode()
    assert "hl_report_secret" not in text
    assert User.objects.get().password not in text
    assert Token.hash_of("hl_report_secret") in text


@contextmanager
def archive_away(settings: Any, archive: FolderArchive) -> Iterator[None]:
    """Make the archive unavailable: a file is in its folder's place."""
    there = settings.ARCHIVE_URL
    (archive.folder / "file").touch()
    settings.ARCHIVE_URL = (archive.folder / "file" / "archive").as_uri()
    open_archive.cache_clear()
    yield
    settings.ARCHIVE_URL = there
    open_archive.cache_clear()


def test_while_the_archive_is_away_a_change_waits_for_the_next_tick(
    shop: Shop, archive: FolderArchive, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with archive_away(settings, archive):
        keep_snapshot()
    assert "waits" in caplog.text
    assert list(archive.list_snapshots()) == []
    keep_snapshot()
    assert len(list(archive.list_snapshots())) == 1


CHANGES_OF_STAFF: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "accounts", {"name": "New", "users": ["ursula"]}),
    ("patch", "accounts/{account}", {"users": []}),
    ("patch", "sites/{site}", {"name": "Renamed"}),
    ("post", "campaigns", {"site": "{site}", "key": "winter"}),
    ("patch", "ads/{ad}", {"rules": [{"source": "a"}, {"source": "b"}, {"source": "c"}]}),
    ("delete", "ads/{ad}", {}),
    ("patch", "goals/{goal}", {"event": "other"}),
    ("post", "goals/{goal}/retroactive", {"from": "2026-11-01"}),
    ("post", "tokens", {"account": "{account}", "kind": "ingest"}),
    ("post", "tokens/{token}/revoke", {}),
]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """A change is archived when it is committed, without beat."""

    @pytest.fixture
    def added(self, shop: Shop, archive: FolderArchive) -> Callable[[], int]:
        """A function that returns the number of new snapshots since its last call."""
        seen = len(list(archive.list_snapshots()))

        def count() -> int:
            nonlocal seen
            before, seen = seen, len(list(archive.list_snapshots()))
            return seen - before

        return count

    @pytest.mark.parametrize(("method", "path", "body"), CHANGES_OF_STAFF, ids=lambda value: str(value)[:24])
    def test_each_change_by_staff_is_archived_once(
        self,
        shop: Shop,
        archive: FolderArchive,
        added: Callable[[], int],
        admin_client: Client,
        method: str,
        path: str,
        body: dict[str, Any],
    ) -> None:
        ids = {"account": shop.account.pk, "site": shop.key, "ad": shop.ad.pk, "goal": shop.goal.pk}
        ids["token"] = Token.objects.get().pk
        told = {name: text.format(**ids) if isinstance(text, str) else text for name, text in body.items()}
        ask = getattr(admin_client, method)
        answer = ask(f"/api/{path.format(**ids)}", told, content_type="application/json")
        assert answer.status_code < 300, answer.content
        assert added() == 1
        assert encode_snapshot(read_configuration()) in [archive.get_snapshot(key) for key in archive.list_snapshots()]

    def test_many_changes_of_one_transaction_are_one_snapshot(self, shop: Shop, added: Callable[[], int]) -> None:
        with transaction.atomic():
            for n in range(5):
                Ad.objects.create(campaign=shop.campaign, key=f"ad{n}")
            shop.goal.make_retroactive(5)
            assert added() == 0
        assert added() == 1

    def test_saving_without_a_change_makes_no_snapshot(self, shop: Shop, added: Callable[[], int]) -> None:
        shop.ad.save()
        shop.account.save()
        assert added() == 0

    def test_while_the_archive_is_away_a_change_is_made_and_archived_later(
        self,
        shop: Shop,
        archive: FolderArchive,
        added: Callable[[], int],
        admin_client: Client,
        settings: Any,
    ) -> None:
        with archive_away(settings, archive):
            answer = admin_client.patch(f"/api/ads/{shop.ad.pk}", {"name": "Other"}, content_type="application/json")
        assert (answer.status_code, Ad.objects.get().name, added()) == (200, "Other", 0)
        keep_snapshot()
        assert added() == 1

    def test_a_change_that_is_rolled_back_makes_no_snapshot(self, shop: Shop, added: Callable[[], int]) -> None:
        with suppress(RuntimeError), transaction.atomic():
            Ad.objects.create(campaign=shop.campaign, key="gone")
            raise RuntimeError
        assert added() == 0


def test_another_archive_gets_a_snapshot_at_once(shop: Shop, archive: FolderArchive, settings: Any) -> None:
    keep(archive, NOON)
    settings.ARCHIVE_URL += "/another"
    assert keep(archive, NOON + 60_000) is not None


def test_everything_is_restored_into_an_empty_database(shop: Shop, archive: FolderArchive) -> None:
    before, config = encode_snapshot(read_configuration()), load_site(shop.key)
    key = keep(archive, NOON)
    lose_everything()
    told = run()
    assert f"Restored 1 accounts, 1 sites, 1 ads and 1 goals from {key}" in told
    assert encode_snapshot(read_configuration()) == before
    assert load_site(shop.key) == config
    assert Token.find("hl_report_secret", "report") is not None
    assert [mark.bucket for mark in open_marks(shop.key)] == [WHOLE_SITE]


def fill_every_field(shop: Shop) -> None:
    """Give each field a value other than its default in some row."""
    networks: Any = ["192.0.2.0/24"]
    Account.objects.update(hits_per_second=5, own_networks=networks)
    Site.objects.update(timezone="Asia/Tokyo", currency="EUR", hits_per_second=6, click_secret="c")
    Site.objects.update(set_aside_bots=False, set_aside_prefetches=False, set_aside_own_traffic=False)
    Site.objects.update(denied_signals=["ad_storage"], open_adjustments=True, open_values=False)
    Site.objects.update(half_life_days=3, position_first=10, position_last=20)
    postbacks: dict[str, Any] = {"postback_networks": networks, "postback_statuses": {"3": "approved"}}
    Site.objects.update(postback_sha256="ab" * 32, **postbacks)
    Token.objects.update(revoked_at=NOW)
    channels: Any = [{"channel": "podcast", "source": "*cast*"}]
    Site.objects.update(channels=channels)
    Campaign.objects.update(name="Autumn", channel="print")
    Ad.objects.update(name="Demo", destination="https://shop.example/", channel="radio")
    MatchRule.objects.update(medium="cpc", campaign="autumn-*", content="a", term="b", network="google-ads")
    rules: dict[str, Any] = {
        "path": "/thanks",
        "match": "any",
        "counting": "once",
        "active": False,
        "open_values": False,
    }
    windows = {"click_window_days": 7, "view_window_days": 2}
    Goal.objects.create(site=shop.site, key="paid", name="Paid", fixed_value=9, **rules, **windows)


def own_values(model: type[Model]) -> list[dict[str, Any]]:
    """Return the fields of each row, without ids, relations and times of creation."""
    fields = [field for field in model._meta.concrete_fields if not field.is_relation]
    names = [field.name for field in fields if field.name not in ("id", "created_at")]
    return list(model._default_manager.order_by("pk").values(*names))


def test_every_field_is_restored(shop: Shop, archive: FolderArchive) -> None:
    fill_every_field(shop)
    models = (Account, Site, Token, Campaign, Ad, MatchRule, Goal, GoalVersion)
    before = {model: own_values(model) for model in models}
    for model, rows in before.items():
        for name in rows[0]:
            default = model._meta.get_field(name).get_default()  # type: ignore[union-attr]
            assert any(row[name] != default for row in rows), f"{name} of {model} is not tried"
    keep(archive, NOON)
    lose_everything()
    run()
    assert {model: own_values(model) for model in models} == before


def test_a_rule_with_only_a_campaign_is_restored(shop: Shop, archive: FolderArchive) -> None:
    MatchRule.objects.update(source="", campaign="autumn-*")
    keep(archive, NOON)
    MatchRule.objects.update(campaign="winter-*")
    assert keep(archive, NOON + 60_000) is not None
    run("--at", "2026-11-20T12:00Z")
    assert MatchRule.objects.get().campaign == "autumn-*"


def test_an_older_snapshot_without_the_campaigns_of_rules_is_restored_and_says_so(shop: Shop) -> None:
    MatchRule.objects.create(ad=shop.ad, campaign="autumn-*")
    given = msgspec.json.decode(encode_snapshot(read_configuration()))
    (ad,) = given["accounts"][0]["sites"][0]["campaigns"][0]["ads"]
    for rule in ad["rules"]:
        del rule["campaign"]
    notes = restore(given).notes
    assert [rule.source for rule in MatchRule.objects.all()] == ["goo*"]
    assert "rules of ad demo-ad: this older snapshot does not tell their utm_campaign, look at them" in notes


def test_restoring_the_present_configuration_changes_nothing(shop: Shop, archive: FolderArchive) -> None:
    before, ids = encode_snapshot(read_configuration()), list(Ad.objects.values_list("pk", flat=True))
    keep(archive, NOON)
    run()
    assert encode_snapshot(read_configuration()) == before
    assert list(Ad.objects.values_list("pk", flat=True)) == ids


def test_ads_and_names_are_restored(shop: Shop, archive: FolderArchive) -> None:
    before = encode_snapshot(read_configuration())
    keep(archive, NOON)
    shop.ad.delete()
    Ad.objects.create(campaign=shop.campaign, key="newer")
    Ad.objects.create(campaign=Campaign.objects.create(site=shop.site, key="winter"), key="snow")
    Account.objects.update(name="Renamed")
    run()
    assert encode_snapshot(read_configuration()) == before


def interleave_ads(shop: Shop) -> list[str]:
    """Give the newer campaign the ad that is tried first. Return the keys of all ads in order."""
    winter = Campaign.objects.create(site=shop.site, key="winter")
    for campaign, key, glob in ((winter, "special", "news-special"), (shop.campaign, "news", "news*")):
        MatchRule.objects.create(ad=Ad.objects.create(campaign=campaign, key=key), source=glob)
    return [ad.key for ad in shop.config().ads]


@pytest.mark.parametrize("lose", [lose_everything, lambda: Ad.objects.get(key="special").delete()])
def test_restored_ads_are_tried_in_their_former_order(shop: Shop, archive: FolderArchive, lose: Any) -> None:
    assert interleave_ads(shop) == ["demo-ad", "special", "news"]
    before = encode_snapshot(read_configuration())
    keep(archive, NOON)
    lose()
    run("--at", "2026-11-20T12:00Z")
    assert [ad.key for ad in shop.config().ads] == ["demo-ad", "special", "news"]
    assert encode_snapshot(read_configuration()) == before


def test_ads_of_an_older_snapshot_without_ranks_are_tried_in_listed_order(shop: Shop) -> None:
    interleave_ads(shop)
    given = msgspec.json.decode(encode_snapshot(read_configuration()))
    for campaign in given["accounts"][0]["sites"][0]["campaigns"]:
        for ad in campaign["ads"]:
            del ad["rank"]
    restore(given)
    assert [ad.key for ad in shop.config().ads] == ["demo-ad", "news", "special"]


def test_former_rules_of_a_goal_are_restored_as_a_new_version(shop: Shop, archive: FolderArchive) -> None:
    keep(archive, NOON)
    shop.goal.refresh_from_db()
    shop.goal.event = "other"
    shop.goal.save()
    Goal.objects.create(site=shop.site, key="newer")
    told = run()
    goal = Goal.objects.get(uid=shop.goal.uid)
    versions = list(goal.versions.order_by("version").values_list("event", flat=True))
    assert versions == ["purchase", "purchase", "other", "purchase"]
    assert goal.versions.get(version=4).starts_at > goal.versions.get(version=2).starts_at
    assert f"goal newer of site {shop.key} is newer and stays" in told


def test_a_token_revoked_after_the_snapshot_stays_revoked(shop: Shop, archive: FolderArchive) -> None:
    keep(archive, NOON)
    Token.objects.get().revoke(NOW)
    run()
    assert Token.find("hl_report_secret", "report") is None


def test_users_that_no_longer_exist_are_named(shop: Shop, archive: FolderArchive) -> None:
    keep(archive, NOON)
    User.objects.all().delete()
    assert "user ursula of" in run()


def test_the_snapshot_in_force_at_a_given_time_is_restored(shop: Shop, archive: FolderArchive) -> None:
    for hour, name in enumerate(("one", "two", "three")):
        Ad.objects.filter(pk=shop.ad.pk).update(name=name)
        keep(archive, NOON + hour * 3_600_000)
    run("--at", "2026-11-20T13:59Z")
    assert Ad.objects.get().name == "two"
    run("--at", "2026-11-20T12:00Z")
    assert Ad.objects.get().name == "one"
    lines = run("--list").splitlines()
    assert [line[:20] for line in lines[:3]] == [f"2026-11-20T{hour}:00:00Z" for hour in (12, 13, 14)]


def test_the_configuration_before_a_restore_is_archived_to_undo_it(shop: Shop, archive: FolderArchive) -> None:
    keep(archive, NOON)
    rename_ad(shop)
    present = encode_snapshot(read_configuration())
    assert "The configuration before this restore is stored" in run("--at", "2026-11-20T12:00Z")
    kept = list(archive.list_snapshots())[-1]
    assert archive.get_snapshot(kept) == present


@pytest.mark.parametrize("arguments", [(), ("--at", "2026-11-20T11:59Z"), ("--at", "soon")])
def test_without_a_snapshot_the_command_says_so(shop: Shop, archive: FolderArchive, arguments: tuple[str, ...]) -> None:
    if arguments:
        keep(archive, NOON)
    with pytest.raises(CommandError, match=r"no snapshot|--at"):
        run(*arguments)


def test_a_damaged_snapshot_restores_nothing(shop: Shop, archive: FolderArchive) -> None:
    key = keep(archive, NOON)
    assert key is not None
    (archive.folder / key).write_bytes(b"not gzip")
    with pytest.raises(CommandError, match="damaged"):
        run()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"form": 2}'])
def test_a_bad_snapshot_is_refused(body: bytes) -> None:
    with pytest.raises(BadSnapshot):
        decode_snapshot(body)


def test_a_snapshot_that_contradicts_the_database_restores_nothing(shop: Shop) -> None:
    given = msgspec.json.decode(encode_snapshot(read_configuration()))
    before = encode_snapshot(read_configuration())
    given["accounts"][0]["name"] = "Other name"
    given["accounts"][0]["sites"][0]["timezone"] = "Asia/Tokyo"
    with pytest.raises(BadSnapshot, match="has hits"):
        restore(given)
    assert encode_snapshot(read_configuration()) == before


def test_sign_ins_and_reports_make_no_snapshot(shop: Shop, archive: FolderArchive) -> None:
    keep(archive, NOON)
    run()
    client = Client(headers={"authorization": "Bearer hl_report_secret"})
    path = f"/api/reports/conversions?site={shop.key}&from=2026-11-20&to=2026-11-20"
    assert client.get(path).json()["recounting"] is True
