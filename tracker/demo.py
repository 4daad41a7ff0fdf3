"""Demo: the pages of a demo newspaper with an ad, and of a demo shop that reports its sales by the snippet. They exist
only if the variable DEMO is set."""

import re
import secrets
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from tracker.away import AWAY
from tracker.errors import RETRY_SECONDS, error_response
from tracker.models import Site

#: The name of the demo account, which `manage.py bootstrap` makes, and the key of its ad.
ACCOUNT, AD = "Demo", "demo-ad"
PRICE = "29.90"
#: The Content-Security-Policy of the shop's pages: they load its styles, the snippet, and the script that reports the
#: sale.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; script-src 'self' 'nonce-{nonce}'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ORDER = re.compile(r"D-[0-9A-F]{8}")


def demo_site() -> Site | None:
    """Return the site of the demo shop; None if it is missing."""
    return Site.objects.filter(account__name=ACCOUNT).order_by("pk").first()


def show(request: HttpRequest, page: str, **more: Any) -> HttpResponse:
    """Render a page of the demo. `page`: the name of the page's template; `more`: further values for the template.
    Answer 404 if the demo's site is missing, 503 if the database is away."""
    try:
        site = demo_site()
    except AWAY:
        response: HttpResponse = error_response(503, "unavailable", "The database is away; try again in a few seconds.")
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    if site is None:
        return render(request, "tracker/demo/closed.html", {"account": ACCOUNT}, status=404)
    shown = {"site": site, "ad": AD, "price": PRICE, "api": f"{request.scheme}://{request.get_host()}", **more}
    nonce = secrets.token_urlsafe(16)
    page_answer = render(request, f"tracker/demo/{page}.html", {**shown, "nonce": nonce})
    page_answer.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return page_answer


def checkout(request: HttpRequest) -> HttpResponse:
    """Render the checkout page with a new order id. The page's form sends this id to the thank-you page. If the
    thank-you page is loaded again, the same order is reported."""
    return show(request, "checkout", order=f"D-{secrets.token_hex(4).upper()}")


def thanks(request: HttpRequest) -> HttpResponse:
    """Render the thank-you page, which reports the sale. Without a valid order id in the address, redirect to the
    checkout."""
    order = request.GET.get("order", "")
    return show(request, "thanks", order=order) if ORDER.fullmatch(order) else redirect("/demo/checkout")


urlpatterns = [
    path("demo/news", partial(show, page="news")),
    path("demo/", partial(show, page="landing")),
    path("demo/product", partial(show, page="product")),
    path("demo/checkout", checkout),
    path("demo/thanks", thanks),
    path("welcome", partial(show, page="welcome")),
]
