"""Sign-in: middleware that limits how often people can try to sign in. Passwords can't be guessed quickly, and hits
don't wait for checks of passwords.

Checking a password takes a third of a second of CPU. Therefore each web process checks one password at a time, and only
a few requests wait for it. All others are answered 429 at once, before they occupy a thread that hits need. Each web
process counts by itself.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from math import ceil
from threading import BoundedSemaphore, Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.throttling import SimpleRateThrottle

from tracker.collection.address import client_address
from tracker.error_pages import wants_html
from tracker.errors import error_response
from tracker.models import Token

GetResponse = Callable[[HttpRequest], HttpResponseBase]

DOORS = ("/login", "/admin/login/", "/api/auth/login/")
#: The most sign-ins at a time: one password is checked, the others wait. Then the longest wait.
IN_HAND, WAIT_SECONDS = 5, 2.0
#: The size of an IPv6 network that one client may have for itself.
IPV6_PREFIX = 64


class SignInThrottle(SimpleRateThrottle):
    """Counts attempts to sign in over an hour, and says whether there were too many. `ident`: whose attempts are
    counted: an address, a user name, or both."""

    timer = time.monotonic
    cache_format = "sign-in:%(scope)s:%(ident)s"

    def __init__(self, scope: str, an_hour: int, ident: str) -> None:
        self.scope = scope
        self.rate = f"{an_hour}/hour"
        self._ident = ident
        super().__init__()

    def get_cache_key(self, _request: Any, _view: Any) -> str:
        """Return the key under which the cache stores the number of attempts. The key contains a hash of `ident`,
        because a user name may be long."""
        return self.cache_format % {"scope": self.scope, "ident": Token.hash_of(self._ident)}


#: The most attempts an hour: by one address for one user, by one address, and for one user from all addresses.
BY_BOTH, BY_ADDRESS, BY_USER = 20, 100, 300
_count = Lock()
_in_hand = BoundedSemaphore(IN_HAND)
_checking = Lock()


def guard_sign_in(get_response: GetResponse) -> GetResponse:
    """Middleware that limits attempts to sign in: POST requests to the addresses DOORS."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST" or request.path not in DOORS:
            return get_response(request)
        if wait := count_attempt(read_client(request), request.POST.get("username", "")):
            return too_many(request, wait)
        if not _in_hand.acquire(blocking=False):
            return too_many(request, WAIT_SECONDS)
        try:
            if not _checking.acquire(timeout=WAIT_SECONDS):
                return too_many(request, WAIT_SECONDS)
            try:
                return get_response(request)
            finally:
                _checking.release()
        finally:
            _in_hand.release()

    return answer


def count_attempt(address: str, user: str) -> float:
    """Count an attempt to sign in by this address and user name, and return 0.0. If there were too many attempts,
    return how many seconds to wait."""
    throttles = (
        SignInThrottle("both", BY_BOTH, f"{address} {user}"),
        SignInThrottle("address", BY_ADDRESS, address),
        SignInThrottle("user", BY_USER, user),
    )
    with _count:
        # The later throttles don't count an attempt that an earlier one refuses. Therefore one address can't use up a
        # user's attempts.
        for one in throttles:
            if not one.allow_request(None, None):  # type: ignore[arg-type]
                return one.wait() or WAIT_SECONDS
    return 0.0


def read_client(request: HttpRequest) -> str:
    """Return the client's address. For IPv6 return its /64 network, because one client may have all addresses of it."""
    meta = request.META
    address = client_address(
        meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXIES
    )
    with suppress(ValueError):
        if ":" in address:
            return str(ip_network(f"{address}/{IPV6_PREFIX}", strict=False))
    return address


def too_many(request: HttpRequest, wait: float) -> HttpResponse:
    """Make the response 429 to an attempt to sign in whose password is not checked. `wait`: seconds."""
    seconds = ceil(wait)
    detail = f"Too many people try to sign in, or one tries too often. Come again in {seconds} s."
    if wants_html(request):
        response = HttpResponse(detail, content_type="text/plain; charset=utf-8", status=429)
    else:
        response = error_response(429, "rate_limited", detail)
    response.headers["Retry-After"] = str(seconds)
    return response
