"""The admin: what support sees and may do, and how refusals are shown."""

import re
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from conversions.marks.marks import WHOLE_SITE
from conversions.models import Ad, Campaign, Goal, GoalVersion, Mark, MatchRule
from conversions.units.now import now_ms
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    account = Account.objects.create(name="Bike Shop")
    return Site.objects.create(account=account, name="Bikes", domains=["bikes.example"], timezone="Europe/Berlin")


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


def messages_of(page: str) -> str:
    return unescape(" ".join(re.findall(r'<li class="(?:success|warning|error|info)">(.*?)</li>', page, re.DOTALL)))


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return unescape(answer.content.decode())


def send(client: Client, path: str, /, **fields: object) -> str:
    """Send a form and return the next page."""
    answer = client.post(path, fields, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def site_form(site: Site, **changes: object) -> dict[str, object]:
    kept = {"account": site.account_id, "name": site.name, "domains": "\n".join(site.domains), "hits_per_second": 0}
    terms = {"half_life_days": "7", "position_first": 40, "position_last": 40}
    return {**kept, **terms, "timezone": site.timezone, "currency": site.currency, **changes}


def goal_form(site: Site, **changes: object) -> dict[str, object]:
    kept: dict[str, object] = {"site": site.pk, "key": "lead", "counting": "every", "match": "all", "active": "on"}
    windows = {"click_window_days": 30, "view_window_days": 1}
    management = {f"versions-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    return {**kept, **windows, **management, **changes}


def ad_form(ad: Ad, *rules: dict[str, object], **changes: object) -> dict[str, object]:
    kept = {"campaign": ad.campaign_id, "key": ad.key, "name": ad.name, "destination": ad.destination}
    fields = {f"rules-{n}-{name}": value for n, rule in enumerate(rules) for name, value in rule.items()}
    old = sum("id" in rule for rule in rules)
    management = {"rules-TOTAL_FORMS": len(rules), "rules-INITIAL_FORMS": old}
    return {**kept, **fields, **management, **changes}


def test_every_page_opens(admin_client: Client, site: Site, ad: Ad, goal: Goal) -> None:
    MatchRule.objects.create(ad=ad, source="news*")
    token, _ = Token.issue(site.account, "report")
    mark = Mark.objects.filter(site=site.key).first()
    shown = [site.account, site, token, ad.campaign, ad, goal, mark]
    for row in shown:
        assert row is not None
        base = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
        assert str(row) in text(admin_client, f"{base}{row.pk}/change/")
        assert "results" in text(admin_client, base)
        text(admin_client, f"{base}?q=bike")
        if row is not mark:
            text(admin_client, f"{base}add/")
    assert "Hitledger" in text(admin_client, "/admin/")


def test_people_who_are_not_staff_are_asked_to_sign_in(client: Client) -> None:
    User.objects.create_user("customer", password="secret")
    client.login(username="customer", password="secret")
    assert client.get("/admin/tracker/site/").status_code == 302


def test_accounts_are_found_by_site_key_and_by_person(admin_client: Client, site: Site) -> None:
    site.account.users.add(User.objects.create_user("carla"))
    Account.objects.create(name="Other")
    for words in (site.key, "carla", "bike"):
        page = text(admin_client, f"/admin/tracker/account/?q={words}")
        assert "Bike Shop" in page
        assert "Other" not in page


def test_sites_are_found_by_their_domain(admin_client: Client, site: Site) -> None:
    assert "Bikes" in text(admin_client, "/admin/tracker/site/?q=bikes.example")
    assert "0 sites" in text(admin_client, "/admin/tracker/site/?q=cars.example")


def test_a_site_is_made_with_one_domain_a_line_and_shows_its_snippet(admin_client: Client, site: Site) -> None:
    form = site_form(site, name="Cars", domains="Cars.example\nwww.cars.example\n")
    send(admin_client, "/admin/tracker/site/add/", **form)
    made = Site.objects.get(name="Cars")
    assert made.domains == ["cars.example", "www.cars.example"]
    page = text(admin_client, f"/admin/tracker/site/{made.pk}/change/")
    assert f'<script async src="http://testserver/t.js" data-site="{made.key}"></script>' in page


def test_a_bad_host_name_is_refused_in_the_form(admin_client: Client, site: Site) -> None:
    page = send(
        admin_client,
        f"/admin/tracker/site/{site.pk}/change/",
        **site_form(site, domains="https://bikes.example/"),
    )
    assert "is no host name" in page
    site.refresh_from_db()
    assert site.domains == ["bikes.example"]


def test_the_timezone_of_a_site_with_hits_is_shown_but_not_changed(admin_client: Client, site: Site) -> None:
    has_hits(site)
    path = f"/admin/tracker/site/{site.pk}/change/"
    assert 'name="timezone"' not in text(admin_client, path)
    send(admin_client, path, **site_form(site, timezone="Asia/Tokyo", name="New name"))
    site.refresh_from_db()
    assert (site.timezone, site.name) == ("Europe/Berlin", "New name")


def test_a_site_with_hits_is_not_deleted_and_the_page_says_why(admin_client: Client, site: Site) -> None:
    empty = Site.objects.create(account=site.account, name="Empty")
    has_hits(site)
    page = send(admin_client, f"/admin/tracker/site/{site.pk}/delete/", post="yes")
    assert "has hits and can't be deleted" in messages_of(page)
    chosen = {"action": "delete_selected", "_selected_action": [site.pk, empty.pk], "post": "yes"}
    page = send(admin_client, "/admin/tracker/site/", **chosen)
    assert "has hits and can't be deleted" in messages_of(page)
    assert Site.objects.count() == 2
    send(admin_client, f"/admin/tracker/site/{empty.pk}/delete/", post="yes")
    assert list(Site.objects.all()) == [site]


def test_a_token_is_issued_with_its_secret_shown_once(admin_client: Client, site: Site) -> None:
    page = send(admin_client, "/admin/tracker/token/add/", account=site.account_id, kind="ingest")
    (secret,) = re.findall(r"hl_ingest_[\w-]{40,}", messages_of(page))
    token = Token.find(secret, "ingest")
    assert token is not None
    assert token.account == site.account
    assert Token.objects.count() == 1
    for path in ("", f"{token.pk}/change/"):
        assert secret not in text(admin_client, f"/admin/tracker/token/{path}")


def test_a_token_is_revoked_for_good_with_a_note_of_who_did_it(admin_client: Client, site: Site) -> None:
    token, secret = Token.issue(site.account, "report")
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    assert "1 tokens revoked" in messages_of(send(admin_client, "/admin/tracker/token/", **chosen))
    assert Token.find(secret, "report") is None
    first = Token.objects.get().revoked_at
    assert "0 tokens revoked" in messages_of(send(admin_client, "/admin/tracker/token/", **chosen))
    assert Token.objects.get().revoked_at == first
    assert LogEntry.objects.get().user == User.objects.get(username="admin")


def test_a_token_is_never_edited_or_deleted(admin_client: Client, site: Site) -> None:
    token, _ = Token.issue(site.account, "report")
    path = f"/admin/tracker/token/{token.pk}/"
    assert admin_client.post(f"{path}change/", {"account": site.account_id, "kind": "ingest"}).status_code == 403
    assert admin_client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    token.refresh_from_db()
    assert token.kind == "report"


def test_an_account_without_sites_can_be_deleted_with_its_tokens(admin_client: Client, site: Site) -> None:
    empty = Account.objects.create(name="Mistake")
    Token.issue(empty, "report")
    send(admin_client, f"/admin/tracker/account/{empty.pk}/delete/", post="yes")
    send(admin_client, f"/admin/tracker/account/{site.account_id}/delete/", post="yes")
    assert list(Account.objects.all()) == [site.account]


def test_an_ad_is_saved_with_its_match_rules_and_its_site_is_rolled_up_again(admin_client: Client, ad: Ad) -> None:
    before = whole_site_token(ad.get_site())
    path = f"/admin/conversions/ad/{ad.pk}/change/"
    send(admin_client, path, **ad_form(ad, {"source": "news*", "medium": "email"}))
    rule = ad.rules.get()
    assert (rule.source, rule.medium) == ("news*", "email")
    assert whole_site_token(ad.get_site()) > before
    assert "source=news* and medium=email" in text(admin_client, "/admin/conversions/ad/")
    send(admin_client, path, **ad_form(ad, {"id": rule.pk, "ad": ad.pk, "source": "news*", "DELETE": "on"}))
    assert not ad.rules.exists()


def test_the_address_fills_the_first_rule_of_a_new_ad_which_is_saved_unchanged(admin_client: Client, ad: Ad) -> None:
    path = "/admin/conversions/ad/add/?key=spring-blue&rule-source=news&rule-medium=email&rule-odd=1"
    page = text(admin_client, path)
    assert 'value="spring-blue"' in page
    filled = {"source": "news", "medium": "email"}
    assert all(f'name="rules-0-{field}" value="{value}"' in page for field, value in filled.items())
    send(admin_client, path, **{**ad_form(ad, filled), "key": "spring-blue"})
    assert [(rule.source, rule.medium) for rule in Ad.objects.get(key="spring-blue").rules.all()] == [("news", "email")]


def test_a_rule_without_any_pattern_is_refused_in_the_form(admin_client: Client, ad: Ad) -> None:
    rule = MatchRule.objects.create(ad=ad, source="news*")
    form = ad_form(ad, {"id": rule.pk, "ad": ad.pk, "source": ""})
    page = send(admin_client, f"/admin/conversions/ad/{ad.pk}/change/", **form)
    assert "Give at least one pattern" in page
    rule.refresh_from_db()
    assert rule.source == "news*"


def test_a_second_ad_of_the_same_key_is_refused_in_the_form(admin_client: Client, ad: Ad) -> None:
    other = Campaign.objects.create(site=ad.get_site(), key="summer")
    form = ad_form(ad, campaign=other.pk)
    assert "has an ad 'banner' already" in send(admin_client, "/admin/conversions/ad/add/", **form)
    assert Ad.objects.count() == 1


def test_an_ad_does_not_move_to_another_site(admin_client: Client, ad: Ad) -> None:
    elsewhere = Site.objects.create(account=Account.objects.create(name="Other"), name="Other")
    there = Campaign.objects.create(site=elsewhere, key="spring")
    page = send(admin_client, f"/admin/conversions/ad/{ad.pk}/change/", **ad_form(ad, campaign=there.pk))
    assert "can't move to another site" in page
    ad.refresh_from_db()
    assert ad.campaign_id != there.pk


def test_deleting_several_ads_marks_each_of_their_sites(admin_client: Client, ad: Ad) -> None:
    elsewhere = Site.objects.create(account=Account.objects.create(name="Other"), name="Other")
    other = Ad.objects.create(campaign=Campaign.objects.create(site=elsewhere, key="c"), key="x")
    before = [whole_site_token(site) for site in (ad.get_site(), elsewhere)]
    chosen = {"action": "delete_selected", "_selected_action": [ad.pk, other.pk], "post": "yes"}
    send(admin_client, "/admin/conversions/ad/", **chosen)
    assert not Ad.objects.exists()
    after = [whole_site_token(site) for site in (ad.get_site(), elsewhere)]
    assert all(new > old for new, old in zip(after, before, strict=True))


def test_a_campaign_with_ads_is_not_deleted(admin_client: Client, ad: Ad) -> None:
    send(admin_client, f"/admin/conversions/campaign/{ad.campaign_id}/delete/", post="yes")
    assert Campaign.objects.exists()


def test_a_new_goal_of_a_site_without_hits_has_no_start(admin_client: Client, site: Site) -> None:
    page = send(admin_client, "/admin/conversions/goal/add/", **goal_form(site, path="/thanks*"))
    assert "takes effect" not in messages_of(page)
    assert GoalVersion.objects.get().starts_at == 0
    assert "from the beginning" in text(admin_client, "/admin/conversions/goal/")


def test_changed_rules_make_a_version_and_say_when_it_takes_effect(admin_client: Client, goal: Goal) -> None:
    has_hits(goal.site)
    path = f"/admin/conversions/goal/{goal.pk}/change/"
    page = send(admin_client, path, **goal_form(goal.site, event="sale", fixed_value="12.50", _continue="1"))
    first, second = goal.versions.order_by("version")
    assert (first.fixed_value, float(second.fixed_value or 0)) == (None, 12.5)
    assert second.starts_at > now_ms()
    assert "Version 2 takes effect" in messages_of(page)
    assert "Europe/Berlin" in page


def test_a_goal_keeps_its_key_and_site(admin_client: Client, goal: Goal) -> None:
    form = goal_form(goal.site, key="other", event="sale", name="Sale")
    send(admin_client, f"/admin/conversions/goal/{goal.pk}/change/", **form)
    goal.refresh_from_db()
    assert (goal.key, goal.name) == ("sale", "Sale")


def test_a_goal_cannot_be_deleted(admin_client: Client, goal: Goal) -> None:
    assert admin_client.post(f"/admin/conversions/goal/{goal.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [goal.pk], "post": "yes"}
    send(admin_client, "/admin/conversions/goal/", **chosen)
    assert Goal.objects.exists()


def test_a_window_beyond_the_longest_is_refused_in_the_form(admin_client: Client, site: Site) -> None:
    page = send(admin_client, "/admin/conversions/goal/add/", **goal_form(site, click_window_days=91))
    assert "less than or equal to 90" in page
    assert not Goal.objects.exists()


def test_marks_are_read_only(admin_client: Client, ad: Ad) -> None:
    assert "the whole site" in text(admin_client, "/admin/conversions/mark/")
    mark = Mark.objects.get()
    assert admin_client.get("/admin/conversions/mark/add/").status_code == 403
    assert admin_client.post(f"/admin/conversions/mark/{mark.pk}/delete/", {"post": "yes"}).status_code == 403
