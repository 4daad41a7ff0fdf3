"""Sign in: signs the staff user of a tracker in, on the page for people."""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page


def sign_in(page: Page, url: str, account: Mapping[str, Any]) -> None:
    """Sign in at the tracker with this address. `account`: what `bootstrap --json` printed."""
    page.goto(f"{url}/login")
    page.fill("input[name=username]", account["staff_user"])
    page.fill("input[name=password]", account["staff_password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)
