"""Permissions: by the API staff may do what Django's permissions allow, as in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from conversions.models import Ad, Campaign, Goal
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db

DENIED = (403, "permission_denied")


@pytest.fixture
def things() -> dict[str, str]:
    """The address of one object of each kind."""
    account = Account.objects.create(name="Shop")
    site = Site.objects.create(account=account, name="Shop")
    campaign = Campaign.objects.create(site=site, key="spring")
    ad = Ad.objects.create(campaign=campaign, key="banner")
    goal = Goal.objects.create(site=site, key="buy")
    token, _ = Token.issue(account, "report")
    pks = {"accounts": account.pk, "campaigns": campaign.pk, "ads": ad.pk, "goals": goal.pk, "tokens": token.pk}
    return {"sites": f"/api/sites/{site.key}", **{kind: f"/api/{kind}/{pk}" for kind, pk in pks.items()}}


def staff(*permissions: str) -> Client:
    """Return a staff user with these permissions, such as tracker.add_token."""
    user = User.objects.create_user("sam", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = getattr(client, method)(path, body, content_type="application/json")
    return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""


def test_staff_without_a_permission_may_see_and_change_nothing(things: dict[str, str]) -> None:
    client = staff()
    for kind, address in things.items():
        assert ask(client, "get", f"/api/{kind}") == ask(client, "get", address) == DENIED
        assert ask(client, "post", f"/api/{kind}", {}) == DENIED
    for kind in set(things) - {"tokens"}:
        assert ask(client, "patch", things[kind], {}) == ask(client, "put", things[kind], {}) == DENIED
    for kind in set(things) - {"tokens", "goals"}:
        assert ask(client, "delete", things[kind]) == DENIED


def test_staff_without_permissions_may_start_no_action(things: dict[str, str]) -> None:
    client = staff()
    sites, goals = things["sites"], things["goals"]
    actions = (f"{sites}/rollup", f"{sites}/replay", f"{goals}/retroactive", "/api/goals/preview")
    for path in (*actions, f"{things['tokens']}/revoke"):
        assert ask(client, "post", path, {}) == DENIED, path
    assert ask(client, "get", f"{sites}/replay") == DENIED


@pytest.mark.parametrize(
    ("kind", "app", "model"),
    [
        *(("accounts", "tracker", "account"), ("sites", "tracker", "site"), ("tokens", "tracker", "token")),
        *(("campaigns", "conversions", "campaign"), ("ads", "conversions", "ad"), ("goals", "conversions", "goal")),
    ],
)
def test_each_permission_allows_what_it_names_and_nothing_else(
    kind: str, app: str, model: str, things: dict[str, str]
) -> None:
    assert ask(staff(f"{app}.view_{model}"), "get", things[kind]) == (200, "")
    User.objects.all().delete()
    adds = staff(f"{app}.add_{model}")
    assert ask(adds, "post", f"/api/{kind}", {}) == (400, "invalid")
    assert ask(adds, "get", things[kind]) == DENIED
    if kind == "tokens":
        return
    User.objects.all().delete()
    changes = staff(f"{app}.change_{model}")
    assert ask(changes, "patch", things[kind], {"name": "Other"}) == (200, "")
    assert ask(changes, "post", f"/api/{kind}", {}) == DENIED


@pytest.mark.parametrize(
    ("permission", "path", "body", "status"),
    [
        ("tracker.revoke_token", "{tokens}/revoke", {}, 200),
        ("tracker.roll_up_site", "{sites}/rollup", {}, 202),
        ("tracker.replay_site", "{sites}/replay", {}, 202),
        ("conversions.backdate_goal", "{goals}/retroactive", {"from": "2026-01-01"}, 202),
        ("conversions.preview_goal", "/api/goals/preview", {}, 400),
    ],
)
def test_an_action_needs_its_own_permission(
    permission: str, path: str, body: dict[str, str], status: int, things: dict[str, str]
) -> None:
    path = path.format(**things)
    assert ask(staff(permission), "post", path, body)[0] == status
    User.objects.all().delete()
    models = ("tracker.change_site", "tracker.add_site", "tracker.add_token", "tracker.change_token")
    goals = ("conversions.add_goal", "conversions.change_goal", "conversions.view_goal")
    assert ask(staff(*models, *goals), "post", path, body) == DENIED


def test_permissions_alone_make_nobody_staff(things: dict[str, str]) -> None:
    client = staff("tracker.view_site")
    User.objects.update(is_staff=False)
    assert ask(client, "get", things["sites"]) == DENIED
    User.objects.update(is_superuser=True)
    assert ask(client, "get", things["sites"]) == DENIED


def test_the_admins_actions_need_the_same_permissions(things: dict[str, str]) -> None:
    client = staff("tracker.view_token", "conversions.view_goal", "conversions.change_goal")
    for path, action in (("tracker/token", "revoke"), ("conversions/goal", "count_from_beginning")):
        assert f'value="{action}"' not in client.get(f"/admin/{path}/").content.decode()
    User.objects.all().delete()
    client = staff("tracker.view_token", "tracker.revoke_token", "conversions.change_goal", "conversions.backdate_goal")
    for path, action in (("tracker/token", "revoke"), ("conversions/goal", "count_from_beginning")):
        assert f'value="{action}"' in client.get(f"/admin/{path}/").content.decode()
