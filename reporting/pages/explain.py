"""Explain: the pages that find a conversion by one of its ids, and explain why each touch gets credit for it or
doesn't."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from conversions.configuration.readable import load_readable
from conversions.explain.cursor import read_cursor, write_cursor
from conversions.explain.find import START, FoundCases, find_hit, find_order, find_user, find_visitor
from conversions.explain.goal_words import describe_rules
from conversions.explain.listing import Position, read_position
from conversions.explain.opening import find_readable, open_explainer
from conversions.facts.records import OrderKey
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.store.reading import open_to_read
from conversions.verdicts.cases import Case
from reporting.pages.page import Page
from reporting.wording.explained import describe_explanation, summarize
from tracker.access import readable_sites
from tracker.collection.refusal import Refusal

#: The most conversions on a page of the list.
LISTED = 20
#: The most characters of an id.
MAX_TEXT = 200

Find = Callable[[Store, SiteConfig, str, OrderKey], FoundCases]
#: Kind of an id -> the function that finds conversions by it. The kinds are tried in this order.
FINDS: Mapping[str, Find] = {
    "order": lambda store, site, text, after: find_order(store, site, text, after, LISTED),
    "hit": lambda store, site, text, after: find_hit(store, site, text, after, LISTED),
    "visitor": lambda store, site, text, after: find_visitor(store, site, text, after, LISTED),
    "user": lambda store, site, text, after: find_user(store, site, text, after, LISTED),
}


class SignedInPage(Page, LoginRequiredMixin, View):
    """Base of the pages that find and explain conversions. They need a sign-in, and have the form to find a conversion.
    If a request is refused, they show why."""

    def show(self, request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render the page with the values of `context` and the form to find a conversion."""
        sites = list(readable_sites(request).order_by("name", "pk").values("key", "name"))
        context = {"sites": sites, "finds": list(FINDS), **context}
        return render(request, "reporting/explain.html", context, status=status)


class FindPage(SignedInPage):
    """The page that finds conversions of a `site` by an id, the parameter `q`. The parameter `by` names the kind of the
    id: order, hit, visitor or user. `by` may be absent."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Find the conversions. If there is only one, redirect to its explanation; otherwise list them. Without an id,
        show the form."""
        wanted = {name: request.GET.get(name, "").strip() for name in ("site", "by", "q", "after")}
        if not wanted["q"]:
            return self.show(request, {"wanted": wanted})
        try:
            site = load_readable(request, wanted["site"])
            by, found = look_up(site, wanted)
        except Refusal as error:
            return self.show(request, {"wanted": wanted, "error": error.detail}, error.status)
        results = [summarize(site, case) for case in found.cases]
        if len(results) == 1 and not found.next and not wanted["after"]:
            return redirect("explained", results[0].id)
        more = {**wanted, "by": by, "after": write_cursor(found.next)} if found.next else None
        context = {"wanted": wanted, "site": site, "by": by, "results": results, "more": more and urlencode(more)}
        return self.show(request, {**context, "tried": finds_of(wanted)})


class ExplainedPage(SignedInPage):
    """The page that explains one conversion."""

    def get(self, request: HttpRequest, id: str) -> HttpResponse:
        """Show the explanation of the conversion with this id."""
        try:
            site, case = find_readable(id, lambda key: load_readable(request, key))
            start = read_start(request.GET.get("after", ""))
        except Refusal as error:
            return self.show(request, {"error": error.detail}, error.status)
        return self.show(request, explained_context(site, case, id, start))


def explained_context(site: SiteConfig, case: Case, id: str, start: Position) -> dict[str, Any]:
    """Return what the template shows of a conversion, by name. `start`: the position after which its touches are
    listed."""
    explanation = open_explainer(site).explain(case, start)
    return {
        "more": explanation.after and urlencode({"after": explanation.after}),
        "site": site,
        "wanted": {"site": site.key, "q": explanation.order or explanation.hit},
        "explained": describe_explanation(explanation),
        "rules": describe_rules(case.verdict.goal, case.verdict.version),
        "json": reverse("conversion", args=[id]),
    }


def look_up(site: SiteConfig, wanted: Mapping[str, str]) -> tuple[str, FoundCases]:
    """Find conversions by the id in `wanted`. Return the kind of the id (order, hit, visitor or user) and the
    conversions. Raises Refusal."""
    text = wanted["q"]
    if len(text) > MAX_TEXT or "\0" in text:
        raise Refusal(400, "bad_parameter", f"An id has at most {MAX_TEXT} characters, and no NUL.", "q")
    after = read_after(wanted["after"])
    for by in finds_of(wanted):
        found = FINDS[by](open_to_read(), site, text, after)
        if found.cases or found.next:
            break
    return by, found


def finds_of(wanted: Mapping[str, str]) -> list[str]:
    """Return the kinds of id to try, in order: only the kind that the person chose; or order, hit, visitor and user if
    none was chosen."""
    return [wanted["by"]] if wanted["by"] in FINDS else list(FINDS)


def read_after(text: str) -> OrderKey:
    """Read the position after which the list of conversions goes on; an empty text means its start. Raises Refusal."""
    try:
        return read_cursor(text[:MAX_TEXT]) if text else START
    except ValueError as error:
        raise no_page() from error


def read_start(text: str) -> Position:
    """Read the position after which the list of a conversion's touches goes on. Raises Refusal."""
    try:
        return read_position(text[:MAX_TEXT])
    except ValueError as error:
        raise no_page() from error


def no_page() -> Refusal:
    """Return the refusal (400) of a text that should be a position of a list and isn't."""
    return Refusal(400, "bad_page", "There is no such page of this list; find it again.", "after")
