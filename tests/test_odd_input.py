"""Staff's API refuses or saves odd input and never fails, for every field of every write."""

from typing import Any

import pytest
from django.test import Client

from conversions.models import Ad, Campaign, Goal
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db

ODD: list[Any] = [
    *("\ud800", "a\udc00b", "\0", "", " ", "x" * 100_000, "\u202e", "NaN", "1e400", "'", "{{x}}", "9" * 400, "-1"),
    *(10**30, -(10**30), 2**63, 1e308, -0.0, 0, True, False, None, [], {}, [[]], [{}], [None], ["\ud800"], {"a": "\0"}),
    *(
        [["\ud800"]],
        {"\ud800": 1},
        [10**30],
        {"id": 10**30},
        [1] * 10_000,
        ["x" * 10_000],
        [True],
        {"a": {"b": [None]}},
    ),
]
FIELDS = {
    "accounts": ["name", "users", "hits_per_second", "own_networks"],
    "sites": [
        *("account", "name", "domains", "timezone", "currency", "hits_per_second", "set_aside_bots", "denied_signals"),
        *("open_adjustments", "half_life_days", "position_first", "position_last", "channels"),
    ],
    "tokens": ["account", "kind"],
    "campaigns": ["site", "key", "name", "channel"],
    "ads": ["campaign", "key", "name", "destination", "channel", "rules"],
    "goals": [
        *("site", "key", "name", "path", "event", "conditions", "match", "fixed_value", "factor", "counting"),
        *("click_window_days", "view_window_days", "active"),
    ],
}


@pytest.fixture
def addresses(admin_client: Client) -> dict[str, str]:
    """The address of one object of each kind that may be changed."""
    account = Account.objects.create(name="Shop")
    site = Site.objects.create(account=account, name="Shop")
    campaign = Campaign.objects.create(site=site, key="spring")
    ad = Ad.objects.create(campaign=campaign, key="banner")
    goal = Goal.objects.create(site=site, key="buy")
    keys = {"accounts": account.pk, "sites": site.key, "campaigns": campaign.pk, "ads": ad.pk, "goals": goal.pk}
    return {kind: f"/api/{kind}/{key}" for kind, key in keys.items()}


def wrong(client: Client, method: str, path: str, body: Any) -> str:
    """Return the problem of an answer to odd input, empty if there is none."""
    client.raise_request_exception = False
    answer = getattr(client, method)(path, body, content_type="application/json")
    if answer.status_code < 400 or answer.status_code in (404, 409):
        return ""
    if answer.status_code == 400 and answer.json()["error"]["code"] in ("invalid", "parse_error", "bad_range"):
        return ""
    return f"{method} {path} {str(body)[:80]!a}: {answer.status_code} {answer.content[:200]!r}"


@pytest.mark.parametrize("kind", FIELDS)
def test_odd_values_of_a_field_are_refused_or_saved(kind: str, admin_client: Client, addresses: dict[str, str]) -> None:
    found = []
    for field in FIELDS[kind]:
        for value in ODD:
            if kind in addresses:
                found.append(wrong(admin_client, "patch", addresses[kind], {field: value}))
            found.append(wrong(admin_client, "post", f"/api/{kind}", {field: value}))
    assert [one for one in found if one] == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/goals/preview", ["site", "days", "path", "conditions", "key"]),
        ("{goals}/retroactive", ["from"]),
        ("{sites}/rollup", ["from", "to"]),
        ("{sites}/replay", ["from", "to"]),
    ],
)
def test_odd_values_of_an_action_are_refused(
    path: str, fields: list[str], admin_client: Client, addresses: dict[str, str]
) -> None:
    path = path.format(**addresses)
    found = [wrong(admin_client, "post", path, {field: value}) for field in fields for value in ODD]
    assert [one for one in found if one] == []


@pytest.mark.parametrize("body", [[], [[]], "x", 1, None, True, {"\ud800": "x"}])
def test_a_body_that_is_no_object_is_refused(body: Any, admin_client: Client, addresses: dict[str, str]) -> None:
    found = [wrong(admin_client, "post", f"/api/{kind}", body) for kind in FIELDS]
    found += [wrong(admin_client, "patch", address, body) for address in addresses.values()]
    assert [one for one in found if one] == []


def test_odd_parameters_of_lists_find_nothing(admin_client: Client) -> None:
    Token.issue(Account.objects.create(name="Shop"), "report")
    admin_client.raise_request_exception = False
    for kind in FIELDS:
        for name in ("page", "search", "site", "account", "kind", "ordering", "format"):
            for value in ("%ED%A0%80", "%00", "9" * 40, "-1", "a" * 5000, "[", "1e9", "%F0%9F"):
                answer = admin_client.get(f"/api/{kind}?{name}={value}")
                assert answer.status_code < 500, (kind, name, value)
