"""Demo shop: makes the site of a made-up shop, with its campaigns, ads and goals. What exists already is used."""

from django.conf import settings
from django.db import transaction

from conversions.configuration.bootstrap import GOALS, bootstrap, derive, find_goal
from conversions.demo.market import MARKET, DemoAd
from conversions.models import Ad, Campaign, MatchRule
from tracker.models import Account, Site

#: The account of demos, which `manage.py bootstrap` also makes.
ACCOUNT = "Demo"
NAME, TIMEZONE, CURRENCY = "Coffee shop (a demo year)", "Europe/Berlin", "EUR"


def find_demo_site() -> Site:
    """Return the site of the made-up shop in the demo account. Make the site if it is missing.

    This is not the demo account's first site, which is for trying things out. The key of the made-up shop's site is
    derived from a secret, and nobody can guess it.
    """
    bootstrap(ACCOUNT, "", settings.PORT)
    account = Account.objects.get(name=ACCOUNT)
    key = derive("demo year", account)[:16]
    made = {"account": account, "name": NAME, "timezone": TIMEZONE, "currency": CURRENCY}
    site, _ = Site.objects.get_or_create(key=key, defaults=made)
    return site


def set_up(site: Site) -> None:
    """Make the campaigns, ads, match rules and goals of the made-up shop, where they are missing."""
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)
        for key in GOALS:
            find_goal(site, key)
        for ad in MARKET:
            if ad.configured and not Ad.objects.filter(campaign__site=site, key=ad.key).exists():
                _make_ad(site, ad)


def _make_ad(site: Site, ad: DemoAd) -> None:
    named = {"name": ad.campaign.replace("-", " ").capitalize()}
    campaign, _ = Campaign.objects.get_or_create(site=site, key=ad.campaign, defaults=named)
    row = Ad.objects.create(campaign=campaign, key=ad.key, name=ad.name, channel=ad.channel)
    if ad.kind == "page":
        MatchRule.objects.create(ad=row, source=ad.source, medium=ad.medium, campaign=ad.campaign, content=ad.key)
