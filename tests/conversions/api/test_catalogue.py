"""Staff's browsable API: reading and changing configuration under the rules of the models, and its refusals."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from conversions.marks.marks import WHOLE_SITE
from conversions.models import Ad, Campaign, Goal, Mark, MatchRule
from conversions.units.now import now_ms
from tracker.collection.refusal import Refusal
from tracker.errors import translate
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    account = Account.objects.create(name="Bike Shop")
    return Site.objects.create(account=account, name="Bikes", domains=["bikes.example"], timezone="Europe/Berlin")


@pytest.fixture
def other_site() -> Site:
    return Site.objects.create(account=Account.objects.create(name="Other"), name="Other")


@pytest.fixture
def ad(site: Site) -> Ad:
    return Ad.objects.create(campaign=Campaign.objects.create(site=site, key="spring"), key="banner")


@pytest.fixture
def goal(site: Site) -> Goal:
    return Goal.objects.create(site=site, key="sale", event="sale")


def has_hits(site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(first_hit_at=timezone.now())


def whole_site_token(site: Site) -> int:
    return Mark.objects.get(site=site.key, bucket=WHOLE_SITE).token


def call(client: Client, method: str, path: str, status: int, body: Any = None) -> Any:
    """Return the JSON answer, which must have this status."""
    data = body if isinstance(body, str) else json.dumps(body)
    answer = client.generic(method, f"/api/{path}", data if body is not None else "", "application/json")
    assert answer.status_code == status, answer.content
    return json.loads(answer.content) if answer.content else None


def keys(page: dict[str, Any], name: str = "key") -> list[Any]:
    return [row[name] for row in page["results"]]


LISTS = ["accounts", "sites", "tokens", "campaigns", "ads", "goals"]


def test_the_root_lists_everything(admin_client: Client) -> None:
    root = call(admin_client, "GET", "", 200)
    assert {*LISTS, "reports/conversions", "conversions", "rejected", "visitors", "schema"} <= set(root)
    assert root["sites"] == "http://testserver/api/sites"


@pytest.mark.parametrize("path", ["", *LISTS])
def test_each_page_opens_in_a_browser(path: str, admin_client: Client, site: Site, ad: Ad, goal: Goal) -> None:
    MatchRule.objects.create(ad=ad, source="news*")
    Token.issue(site.account, "report")
    page = admin_client.get(f"/api/{path}", HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_single_object_opens_in_a_browser_with_its_form(admin_client: Client, site: Site, ad: Ad, goal: Goal) -> None:
    token, _ = Token.issue(site.account, "report")
    paths = [f"accounts/{site.account_id}", f"sites/{site.key}", f"ads/{ad.pk}", f"goals/{goal.pk}"]
    for path in [*paths, f"campaigns/{ad.campaign_id}", f"tokens/{token.pk}"]:
        assert admin_client.get(f"/api/{path}", HTTP_ACCEPT="text/html").status_code == 200


@pytest.mark.parametrize("path", ["", *LISTS])
def test_only_staff_may_look(path: str, client: Client, site: Site) -> None:
    assert call(client, "GET", path, 403)["error"]["code"] == "not_authenticated"
    _, secret = Token.issue(site.account, "report")
    answer = client.get(f"/api/{path}", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert answer.status_code == 403
    customer = User.objects.create_user("customer")
    site.account.users.add(customer)
    client.force_login(customer)
    assert call(client, "GET", path, 403)["error"]["code"] == "permission_denied"


def test_a_form_of_another_site_changes_nothing(site: Site) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("admin"))
    assert call(client, "POST", "accounts", 403, {"name": "New"})["error"]["code"] == "permission_denied"
    assert not Account.objects.filter(name="New").exists()


def test_an_account_is_made_with_its_people(admin_client: Client) -> None:
    User.objects.create_user("carla")
    made = call(admin_client, "POST", "accounts", 201, {"name": "New", "users": ["carla"]})
    assert Account.objects.get(pk=made["id"]).users.get().username == "carla"
    assert call(admin_client, "POST", "accounts", 400, {"name": "New"})["error"]["field"] == "name"


def test_a_site_is_made_with_its_key_and_snippet(admin_client: Client, site: Site) -> None:
    body = {"account": site.account_id, "name": "Cars", "domains": ["Cars.Example"], "currency": "EUR"}
    made = call(admin_client, "POST", "sites", 201, body)
    assert made["domains"] == ["cars.example"]
    assert made["timezone"] == "UTC"
    assert made["snippet"] == f'<script async src="http://testserver/t.js" data-site="{made["key"]}"></script>'
    assert call(admin_client, "GET", f"sites/{made['key']}", 200) == made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("currency", "XYZ"),
        ("domains", ["https://bikes.example"]),
        ("domains", "bikes.example"),
        ("domains", [1]),
        ("domains", [f"d{n}.example" for n in range(101)]),
        ("name", ""),
        ("name", "x" * 201),
        ("name", "\ud800"),
        ("name", "a\0b"),
        ("account", 10**30),
        ("hits_per_second", -1),
    ],
)
def test_a_bad_field_is_refused_by_its_name(field: str, value: Any, admin_client: Client, site: Site) -> None:
    error = call(admin_client, "PATCH", f"sites/{site.key}", 400, {field: value})["error"]
    assert (error["code"], error["field"]) == ("invalid", field)
    assert error["detail"]
    site.refresh_from_db()
    assert (site.timezone, site.currency, site.domains) == ("Europe/Berlin", "USD", ["bikes.example"])


def test_the_timezone_of_a_site_with_hits_is_fixed(admin_client: Client, site: Site) -> None:
    has_hits(site)
    error = call(admin_client, "PATCH", f"sites/{site.key}", 400, {"timezone": "UTC"})["error"]
    assert (error["code"], error["field"]) == ("invalid", "timezone")
    assert "can't change any more" in error["detail"]
    assert call(admin_client, "PATCH", f"sites/{site.key}", 200, {"name": "New"})["name"] == "New"


def test_objects_that_others_refer_to_are_not_deleted(admin_client: Client, site: Site, ad: Ad) -> None:
    for path in (f"accounts/{site.account_id}", f"sites/{site.key}", f"campaigns/{ad.campaign_id}"):
        assert call(admin_client, "DELETE", path, 409)["error"]["code"] == "in_use"
    has_hits(other := Site.objects.create(account=site.account, name="Empty"))
    error = call(admin_client, "DELETE", f"sites/{other.key}", 409)["error"]
    assert (error["code"], error["field"]) == ("in_use", None)
    assert "has hits" in error["detail"]
    assert Site.objects.count() == 2


def test_the_secret_of_a_token_is_shown_once(admin_client: Client, site: Site) -> None:
    made = call(admin_client, "POST", "tokens", 201, {"account": site.account_id, "kind": "ingest"})
    token = Token.find(made["secret"], "ingest")
    assert token is not None
    assert token.pk == made["id"]
    again = call(admin_client, "GET", f"tokens/{made['id']}", 200)
    assert "secret" not in again
    assert made["secret"] not in json.dumps(call(admin_client, "GET", "tokens", 200))


def test_a_token_is_revoked_for_good_and_cannot_be_changed_otherwise(admin_client: Client, site: Site) -> None:
    token, secret = Token.issue(site.account, "report")
    first = call(admin_client, "POST", f"tokens/{token.pk}/revoke", 200)["revoked_at"]
    assert first is not None
    assert Token.find(secret, "report") is None
    assert call(admin_client, "POST", f"tokens/{token.pk}/revoke", 200)["revoked_at"] == first
    for method in ("PUT", "PATCH", "DELETE"):
        error = call(admin_client, method, f"tokens/{token.pk}", 405, {"kind": "ingest"})["error"]
        assert error["code"] == "method_not_allowed"


def test_an_ad_is_made_with_its_rules_and_its_site_is_rolled_up_again(admin_client: Client, ad: Ad) -> None:
    before = whole_site_token(ad.get_site())
    rules = [{"source": "news*"}, {"network": "google-ads", "campaign": "x"}]
    body = {"campaign": ad.campaign_id, "key": "text", "destination": "https://bikes.example/", "rules": rules}
    made = call(admin_client, "POST", "ads", 201, body)
    assert made["site"] == ad.get_site().key
    assert [{name: value for name, value in rule.items() if value} for rule in made["rules"]] == rules
    assert whole_site_token(ad.get_site()) > before


def test_match_rules_are_replaced_if_given_and_stay_otherwise(admin_client: Client, ad: Ad) -> None:
    MatchRule.objects.create(ad=ad, source="old")
    call(admin_client, "PATCH", f"ads/{ad.pk}", 200, {"name": "Banner"})
    assert [rule.source for rule in ad.rules.all()] == ["old"]
    before = whole_site_token(ad.get_site())
    changed = call(admin_client, "PATCH", f"ads/{ad.pk}", 200, {"rules": [{"source": "new"}]})
    assert [rule["source"] for rule in changed["rules"]] == ["new"]
    assert [rule.source for rule in ad.rules.all()] == ["new"]
    assert whole_site_token(ad.get_site()) > before


def test_a_bad_rule_leaves_the_ad_as_it_was(admin_client: Client, ad: Ad) -> None:
    MatchRule.objects.create(ad=ad, source="old")
    for rules in ([{"source": "new"}, {}], [{"source": "x" * 201}], [{"source": "x"}] * 101, "x"):
        error = call(admin_client, "PATCH", f"ads/{ad.pk}", 400, {"rules": rules, "name": "Changed"})["error"]
        assert error["code"] == "invalid"
    ad.refresh_from_db()
    assert (ad.name, [rule.source for rule in ad.rules.all()]) == ("", ["old"])


def test_the_field_of_a_problem_is_named(admin_client: Client, ad: Ad) -> None:
    rules = [{"source": "new"}, {"medium": "x" * 201}]
    error = call(admin_client, "PATCH", f"ads/{ad.pk}", 400, {"rules": rules})["error"]
    assert error["field"] == "rules.1.medium"
    assert "200 characters" in error["detail"]
    for rules in ([{"source": "new"}, {}], [{"source": "new"}, {"unknown": "x"}], [{"source": "new"}, "x"]):
        assert call(admin_client, "PATCH", f"ads/{ad.pk}", 400, {"rules": rules})["error"]["field"] == "rules.1"


def test_a_key_is_unique_within_a_site(admin_client: Client, site: Site, other_site: Site, ad: Ad, goal: Goal) -> None:
    summer = call(admin_client, "POST", "campaigns", 201, {"site": site.key, "key": "summer"})["id"]
    assert call(admin_client, "POST", "ads", 400, {"campaign": summer, "key": "banner"})["error"]["field"] == "key"
    call(admin_client, "POST", "campaigns", 400, {"site": site.key, "key": "spring"})
    call(admin_client, "POST", "goals", 400, {"site": site.key, "key": "sale"})
    call(admin_client, "POST", "goals", 201, {"site": other_site.key, "key": "sale"})
    call(admin_client, "POST", "campaigns", 400, {"site": site.key, "key": "a b"})


def test_nothing_moves_to_another_site(admin_client: Client, site: Site, other_site: Site, ad: Ad, goal: Goal) -> None:
    there = Campaign.objects.create(site=other_site, key="spring")
    moves = [
        (f"ads/{ad.pk}", {"campaign": there.pk}, "campaign"),
        (f"campaigns/{ad.campaign_id}", {"site": other_site.key, "key": "x"}, "site"),
        (f"goals/{goal.pk}", {"site": other_site.key}, "site"),
        (f"goals/{goal.pk}", {"key": "other"}, "key"),
    ]
    for path, body, field in moves:
        assert call(admin_client, "PATCH", path, 400, body)["error"]["field"] == field


def test_deleting_an_ad_marks_its_site(admin_client: Client, ad: Ad) -> None:
    before = whole_site_token(ad.get_site())
    call(admin_client, "DELETE", f"ads/{ad.pk}", 204)
    assert whole_site_token(ad.get_site()) > before
    assert not Ad.objects.exists()


def test_changed_rules_of_a_goal_make_a_version_with_its_start(admin_client: Client, goal: Goal) -> None:
    has_hits(goal.site)
    path = f"goals/{goal.pk}"
    changed = call(admin_client, "PATCH", path, 200, {"fixed_value": "12.5", "counting": "once"})
    assert changed["fixed_value"] == "12.500000"
    first, second = changed["versions"]
    assert (first["version"], first["starts_at"], first["fixed_value"]) == (1, None, None)
    assert (second["version"], second["fixed_value"], second["counting"]) == (2, "12.500000", "once")
    assert second["starts_at"].endswith("Z")
    assert goal.versions.get(version=2).starts_at > now_ms()
    renamed = call(admin_client, "PATCH", path, 200, {"name": "Sale"})
    assert len(renamed["versions"]) == 2


def test_a_goal_is_switched_off_and_not_deleted(admin_client: Client, goal: Goal) -> None:
    assert call(admin_client, "DELETE", f"goals/{goal.pk}", 405)["error"]["code"] == "method_not_allowed"
    assert call(admin_client, "PATCH", f"goals/{goal.pk}", 200, {"active": False})["versions"][-1]["active"] is False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("click_window_days", 91),
        ("view_window_days", -1),
        ("fixed_value", "1e30"),
        ("fixed_value", "NaN"),
        ("fixed_value", "0.1234567"),
        ("counting", "twice"),
        ("event", "x" * 201),
        ("active", "perhaps"),
    ],
)
def test_a_bad_rule_of_a_goal_makes_no_version(field: str, value: Any, admin_client: Client, goal: Goal) -> None:
    error = call(admin_client, "PATCH", f"goals/{goal.pk}", 400, {field: value})["error"]
    assert (error["code"], error["field"]) == ("invalid", field)
    assert goal.versions.count() == 1


def test_lists_are_filtered_by_site_and_account(
    admin_client: Client, site: Site, other_site: Site, ad: Ad, goal: Goal
) -> None:
    Goal.objects.create(site=other_site, key="elsewhere")
    Token.issue(site.account, "report")
    for path in ("campaigns", "ads", "goals"):
        for value in (f"site={site.key}", f"account={site.account_id}"):
            assert len(call(admin_client, "GET", f"{path}?{value}", 200)["results"]) == 1
    assert keys(call(admin_client, "GET", f"goals?site={other_site.key}", 200)) == ["elsewhere"]
    assert keys(call(admin_client, "GET", f"sites?account={other_site.account_id}", 200)) == [other_site.key]
    assert keys(call(admin_client, "GET", "sites?search=bike", 200)) == [site.key]
    assert keys(call(admin_client, "GET", f"tokens?account={other_site.account_id}", 200), "id") == []


@pytest.mark.parametrize("value", ["none", "x" * 300, "%00", "%ed%a0%80", "1" * 30, "-1"])
def test_a_filter_that_matches_no_row_gives_an_empty_list(value: str, admin_client: Client, goal: Goal) -> None:
    for path in (f"goals?site={value}", f"goals?account={value}", f"tokens?kind={value}"):
        assert call(admin_client, "GET", path, 200)["results"] == []


@pytest.mark.parametrize("text", ["%00", "x" * 201])
def test_a_filter_with_an_impossible_value_is_refused_by_name(text: str, admin_client: Client) -> None:
    for path in LISTS:
        error = call(admin_client, "GET", f"{path}?search={text}", 400)["error"]
        assert (error["code"], error["field"]) == ("bad_parameter", "search")


def test_a_long_list_comes_in_pages(admin_client: Client, site: Site) -> None:
    Account.objects.bulk_create(Account(name=f"a{n:03}") for n in range(150))
    first = call(admin_client, "GET", "accounts", 200)
    assert (first["count"], len(first["results"])) == (151, 100)
    assert first["next"] == "http://testserver/api/accounts?page=2"
    second = call(admin_client, "GET", "accounts?page=2", 200)
    assert len(second["results"]) == 51
    assert call(admin_client, "GET", "accounts?page=3", 404)["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "parse_error"),
        ("[" * 100_000, "parse_error"),
        ('{"name": NaN}', "parse_error"),
        ("[]", "invalid"),
        ("\u0000", "parse_error"),
    ],
)
def test_a_body_that_is_no_object_is_refused(body: str, code: str, admin_client: Client) -> None:
    assert call(admin_client, "POST", "accounts", 400, body)["error"]["code"] == code


def test_an_object_that_does_not_exist_is_404(admin_client: Client) -> None:
    for path in ("sites/none", "sites/%00", "accounts/9999", "accounts/abc", "goals/" + "9" * 30, "nothing"):
        assert call(admin_client, "GET", path, 404)["error"]["code"] == "not_found"


def test_a_constraint_of_the_database_is_answered_as_a_conflict(site: Site, ad: Ad) -> None:
    # If two requests make the same thing at once, the second may check before the first has written.
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Campaign.objects.create(site=site, key="spring")
    refused = translate(error.value)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (409, "conflict")


def test_the_schema_is_public_and_has_every_path(client: Client) -> None:
    for path in ("/api/schema", "/api/schema?format=json", "/api/schema"):
        answer = client.get(path)
        assert answer.status_code == 200
        schema = json.loads(answer.content)
        assert schema["openapi"].startswith("3.")
        assert {"/collect", "/api/sites/{key}", "/api/goals", "/api/reports/conversions"} <= set(schema["paths"])
    assert client.get("/api/schema?format=yaml").content.startswith(b"openapi: 3.")


def test_every_default_in_the_schema_is_a_value_that_it_allows(client: Client) -> None:
    described = list(dicts_in(client.get("/api/schema").json()))
    with_default = [one for one in described if isinstance(one.get("default"), str) and "pattern" in one]
    assert [one for one in described if "pattern" in one]
    assert [one for one in with_default if not re.search(one["pattern"], one["default"])] == []


def dicts_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from dicts_in(inner)


def test_the_schema_is_complete_and_without_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())
