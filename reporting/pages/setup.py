"""Set-up: the page that shows a site's snippet, whether hits come from the snippet, recipes, and the account's tokens.
Staff also make tokens there."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.models import ADDITION, LogEntry
from django.http import HttpRequest, HttpResponse

from conversions.marks.marks import first_bucket
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.now import now_ms
from reporting.pages.dashboard import origin_of, refused_today
from reporting.pages.site_page import SitePage
from reporting.report.arrivals import hits_lately
from reporting.wording.recipes import recipes_of
from tracker.access import readable_site
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal
from tracker.models import Account, Token, script_tag

#: The most tokens that the page lists.
TOKENS = 20


class SetupPage(SitePage):
    """The page that shows a site's snippet. Until the site's first hit has come, it reloads every few seconds."""

    template = "reporting/setup.html"

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield the site's snippet, what has come from it, its recipes, and its account's tokens. Raises one of the
        errors in `tracker.away.AWAY`."""
        now, first, origin = now_ms(), first_bucket(site.key), origin_of(self.request)
        yield {
            "snippet": script_tag(origin, site.key),
            "lately": hits_lately(open_to_read(), site, now),
            "first": None if first is None else iso(first),
            "refused": refused_today(site, now),
            "recipes": recipes_of(site, origin, now),
            "may_issue": may_issue(self.request),
            **tokens_context(readable_site(self.request, site.key).account),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a token of the site's account, and show its secret, which can't be shown again."""
        key, kind = request.POST.get("site", ""), request.POST.get("kind", "")
        try:
            secret = issue_token(request, key, kind)
        except Refusal as error:
            return self.show(key, {"error": error.detail, "status": error.status})
        return self.show(key, {"secret": secret, "kind": kind})


def may_issue(request: HttpRequest) -> bool:
    """Whether the signed-in person may make tokens. The rule is the same as in the admin pages."""
    return bool(request.user.is_staff and request.user.has_perm("tracker.add_token"))


def issue_token(request: HttpRequest, key: str, kind: str) -> str:
    """Make a token of the account of a site (by key), and log who made it. Return its secret. Raises Refusal."""
    if not may_issue(request):
        raise Refusal(403, "permission_denied", "Only staff who may add tokens can make one.")
    if kind not in Token.Kind.values:
        raise Refusal(400, "invalid", f"kind must be one of {', '.join(Token.Kind.values)}.", "kind")
    token, secret = Token.issue(readable_site(request, key).account, kind)
    LogEntry.objects.log_actions(int(request.user.pk or 0), [token], ADDITION, "Made on the page Set-up.")
    return secret


def tokens_context(account: Account) -> dict[str, Any]:
    """Return what the template shows of an account's tokens, by name: the newest ones that are valid."""
    tokens = list(account.tokens.filter(revoked_at__isnull=True).order_by("-pk")[: TOKENS + 1])
    return {
        "account": account,
        "tokens": tokens[:TOKENS],
        "more_tokens": len(tokens) > TOKENS,
        "kinds": Token.Kind.choices,
    }
