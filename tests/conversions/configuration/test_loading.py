"""Loading: the configuration with which hits are processed. The first hits fix their site's timezone."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from conversions.configuration.loading import forget_cached_sites, load_for_hits, load_site
from conversions.models import Ad, Campaign, Goal, MatchRule
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db


def make_site(key: str = "") -> Site:
    """Return a site of a new account."""
    account = Account.objects.create(name=uuid4().hex)
    return Site.objects.create(account=account, name="s", key=key or uuid4().hex)


def test_a_site_is_read_with_its_goals_and_its_ads_in_order() -> None:
    site = make_site()
    Goal.objects.create(site=site, key="buy", event="purchase", fixed_value="2.5", click_window_days=7)
    ad = Ad.objects.create(campaign=Campaign.objects.create(site=site, key="spring"), key="one")
    MatchRule.objects.create(ad=ad, source="google")
    found = load_site(site.key)
    assert found is not None
    assert [(goal.key, goal.versions[0].fixed_value, goal.versions[0].starts_at) for goal in found.goals] == [
        ("buy", 2_500_000, 0)
    ]
    assert [(one.key, one.campaign, one.rules[0].source) for one in found.ads] == [("one", "spring", "google")]


def test_the_first_hits_fix_the_timezone_of_their_site() -> None:
    site = make_site()
    assert load_for_hits(site.key) is not None
    changed = Site.objects.get(pk=site.pk)
    changed.timezone = "Asia/Kolkata"
    with pytest.raises(ValidationError):
        changed.save()


def test_a_timezone_changed_before_the_first_hits_is_used_despite_the_cache() -> None:
    site = make_site()
    load_for_hits(site.key)
    forget_cached_sites()
    Site.objects.filter(pk=site.pk).update(first_hit_at=None, timezone="Asia/Kolkata")
    found = load_for_hits(site.key)
    assert found is not None
    assert found.timezone == "Asia/Kolkata"


def test_hits_sent_before_their_site_existed_do_not_hide_later_hits() -> None:
    assert load_for_hits("later") is None
    assert load_for_hits("later") is None
    site = make_site("later")
    assert load_for_hits("later") is not None
    site.refresh_from_db()
    assert site.first_hit_at is not None


def test_a_new_goal_is_used_once_the_cache_has_expired() -> None:
    site = make_site()
    load_for_hits(site.key)
    Goal.objects.create(site=site, key="buy")
    forget_cached_sites()
    found = load_for_hits(site.key)
    assert found is not None
    assert [goal.key for goal in found.goals] == ["buy"]
