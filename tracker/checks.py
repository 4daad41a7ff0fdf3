"""Checks: Django's system checks that warn at the start if settings contradict each other."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

#: Host names that mean this machine.
LOCAL = ("localhost", "127.0.0.1", "[::1]")


@register
def check_proxies(**_options: Any) -> list[CheckMessage]:
    """Warn if settings suggest that a proxy handles HTTPS, but TRUSTED_PROXIES names no proxy. Django calls this at
    every start."""
    return find_untrusted_proxy(settings.ALLOWED_HOSTS, settings.SESSION_COOKIE_SECURE, bool(settings.TRUSTED_PROXIES))


def find_untrusted_proxy(hosts: Sequence[str], secure: bool, trusted: bool) -> list[CheckMessage]:
    """Return a warning if hosts (or secure cookies) suggest HTTPS and no proxy is trusted; [] otherwise. HTTPS needs a
    proxy, because the tracker itself speaks only HTTP."""
    public = sorted(set(hosts) - set(LOCAL))
    if trusted or not (secure or public):
        return []
    why = "SECURE_COOKIES is set" if secure else f"ALLOWED_HOSTS names {public[0]}"
    return [
        Warning(
            f"{why}, but TRUSTED_PROXIES names no proxy: behind one that takes HTTPS, links and snippets say http://,"
            " all visitors have the proxy's address, and signing in may fail.",
            hint="Name the proxy's network in TRUSTED_PROXIES, such as 10.0.0.0/8; see Security in docs/operation.md.",
            id="hitledger.W001",
        )
    ]
