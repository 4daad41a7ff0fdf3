"""Bootstrap: makes an account with a site, an ad, goals, tokens and a staff user. What exists already is used.

The database has only hashes of secrets. The secrets are derived from SECRET_KEY. Therefore each call returns the same
secrets.
"""

import hmac
import re
from base64 import b32encode
from hashlib import sha256

import msgspec
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from conversions.models import Ad, Campaign, Goal
from tracker.models import Account, Site, Token

AD = "demo-ad"
GOALS = {
    "purchase": {"name": "Purchase", "event": "purchase"},
    "signup": {"name": "Sign-up", "path": "/welcome*"},
}
#: The destination of the demo ad if no domain is given: the demo shop on this server. A later call replaces this
#: destination if it is outdated.
DEMO_DESTINATION = re.compile(r"http://127\.0\.0\.1:\d+/demo/")


class Bootstrapped(msgspec.Struct, frozen=True):
    """The names and secrets of the account that `bootstrap` made or found. `staff_password` is empty if the password
    was changed or the user is not active."""

    account: str
    site: str
    ad: str
    goals: list[str]
    currency: str
    report_token: str
    ingest_token: str
    staff_user: str
    staff_password: str


def bootstrap(name: str, domain: str, port: int) -> Bootstrapped:
    """Make an account with a site, an ad, goals, tokens and a staff user. What exists already is used. The function may
    be called again, even twice at the same time. Raises ValidationError.

    Existing rows are changed in two ways only. A given domain is added to the site. If the demo ad leads to the demo
    shop, it gets a new destination: the domain, or without a domain the demo shop at `port`.
    """
    with transaction.atomic():
        account, _ = Account.objects.get_or_create(name=name)
        Account.objects.select_for_update().get(pk=account.pk)
        site = first_site(account, domain)
        ad = find_ad(site, f"https://{domain}/" if domain else f"http://127.0.0.1:{port}/demo/")
        user, password = find_staff(account)
        return Bootstrapped(
            account=account.name,
            site=site.key,
            ad=ad.key,
            goals=[find_goal(site, key).key for key in GOALS],
            currency=site.currency,
            report_token=find_token(account, Token.Kind.REPORT),
            ingest_token=find_token(account, Token.Kind.INGEST),
            staff_user=user.username,
            staff_password=password,
        )


def first_site(account: Account, domain: str) -> Site:
    """Return the account's first site. If the account has no site, make one. A given domain is added to the site."""
    site = account.sites.order_by("pk").first() or Site(account=account, name=account.name)
    if domain and domain not in site.domains:
        site.domains = [*site.domains, domain]
    if site.pk is None or domain:
        site.full_clean()
        site.save()
    return site


def find_ad(site: Site, destination: str) -> Ad:
    """Return the demo ad of the site. Make the ad, with a campaign, if it is missing. If the ad leads to a demo shop at
    another address than `destination`, change the address. A destination that somebody chose stays."""
    ad = Ad.objects.filter(campaign__site=site, key=AD).first()
    if ad is None:
        campaign = site.campaigns.order_by("pk").first() or Campaign.objects.create(site=site, key="demo", name="Demo")
        return Ad.objects.create(campaign=campaign, key=AD, name="Demo ad", destination=destination)
    if ad.destination != destination and DEMO_DESTINATION.fullmatch(ad.destination):
        ad.destination = destination
        ad.save()
    return ad


def find_goal(site: Site, key: str) -> Goal:
    """Return a goal of the site. Make the goal if it is missing."""
    return site.goals.filter(key=key).first() or Goal.objects.create(site=site, key=key, **GOALS[key])


def find_token(account: Account, kind: str) -> str:
    """Return the secret of the account's valid token of a kind. Make the token if it is missing.

    Secrets are derived with a number, beginning with 0. If the token with a number was revoked, the next number is
    tried.
    """
    number = 0
    while True:
        secret = f"hl_{kind}_{derive(f'{kind} token', account, number)}"
        token, _ = Token.issue(account, kind, secret)
        if token.revoked_at is None:
            return secret
        number += 1


def find_staff(account: Account) -> tuple[User, str]:
    """Return the account's staff user and the user's password. The password is empty if it was changed or the user is
    not active."""
    password = derive("staff password", account)[:20]
    for username in usernames(account):
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_superuser(username, password=password)
            account.users.add(user)
            return user, password
        if user.is_staff and account.users.filter(pk=user.pk).exists():
            return user, password if user.is_active and user.check_password(password) else ""
    raise RuntimeError(f"Another user has the name {username!r}.")


def usernames(account: Account) -> list[str]:
    """List possible names for the account's staff user. The first name that no other user has is used."""
    name = slugify(account.name)[:100] or "staff"
    return [name, f"{name}-{account.pk}", f"{name}-{derive('staff name', account)[:12]}"]


def derive(purpose: str, account: Account, number: int = 0) -> str:
    """Derive a secret of 52 letters and digits for a purpose from SECRET_KEY. The secret also depends on the account's
    id: an account that is deleted and made again gets other secrets."""
    text = f"bootstrap\n{purpose}\n{account.pk}\n{account.name}\n{number}"
    return b32encode(hmac.digest(settings.SECRET_KEY.encode(), text.encode(), sha256)).decode().strip("=").lower()
