"""`make demo`: a real browser goes from an ad through the demo shop to a purchase. It prints the credited report.

It runs embedded, or on the services that the environment names. Progress goes to stderr, screenshots to var/artifacts.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import requests
from kombu import Connection
from playwright.sync_api import BrowserContext, Page

from tests.browser.chromium import NoChromium, chromium
from tests.browser.sign_in import sign_in
from tests.running import CHECKOUT, SERVICES, Tracker

ARTIFACTS = CHECKOUT / "var" / "artifacts"
AD, PRICE = "demo-ad", "29.900000"
COLUMNS = ("ad", "clicks", "views", "conversions", "value")
QUEUES = ("{}hits", "{}facts", "{}figures", "{}dead")
EXCHANGES = ("{}hitledger", "{}control.pidbox", "reply.{}control.pidbox")


def say(line: str) -> None:
    """Print progress on stderr."""
    print(f"demo: {line}", file=sys.stderr, flush=True)


def services_of(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `env` that select services, without the database: each demo begins with an empty one."""
    return {name: env[name] for name in SERVICES if env.get(name) and name != "DATABASE_URL"}


@contextmanager
def own_queues(services: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Give the demo its own queues, which no other tracker's worker reads."""
    if not services.get("BROKER_URL"):
        yield dict(services)
        return
    prefix = f"demo-{uuid4().hex[:8]}-"
    try:
        yield {**services, "QUEUE_PREFIX": prefix}
    finally:
        with Connection(services["BROKER_URL"]) as broker:
            for name in QUEUES:
                broker.default_channel.queue_delete(name.format(prefix))
            for name in EXCHANGES:
                broker.default_channel.exchange_delete(name.format(prefix))


@contextmanager
def demo_tracker(state: Path, services: Mapping[str, str]) -> Iterator[tuple[Tracker, dict[str, Any]]]:
    """Start a tracker in demo mode, with the demo account."""
    with own_queues(services) as env, Tracker(state, {**env, "DEMO": "1"}) as tracker:
        tracker.migrate()
        tracker.manage("prepare")
        account = tracker.bootstrap()
        tracker.start("web", "beat", *(["worker"] if services.get("BROKER_URL") else []))
        yield tracker, account


def go_shopping(page: Page, url: str) -> str:
    """Go from the newspaper's ad to the purchase, and return the order's id."""
    say("a newspaper; click the ad")
    page.goto(f"{url}/demo/news")
    with page.expect_response(is_stored):
        page.click("#ad")
    say(f"landed on {page.url}")
    page.click("#product")
    page.click("#buy")
    with page.expect_response(is_purchase) as sent:
        page.click("#place")
    order = page.inner_text("#order")
    say(f"bought: order {order}, answered {sent.value.status}")
    return order


def is_stored(response: Any) -> bool:
    """Whether the response says that a hit was accepted."""
    return bool(response.url.endswith("/collect") and response.status == 200)


def is_purchase(response: Any) -> bool:
    """Whether the response says that the purchase was accepted."""
    return is_stored(response) and '"purchase"' in (response.request.post_data or "")


def look_at_report(page: Page, url: str, account: Mapping[str, Any]) -> None:
    """Sign in and open the report."""
    sign_in(page, url, account)
    page.get_by_text(AD).first.wait_for()


def fetch_report(url: str, account: Mapping[str, Any]) -> dict[str, Any]:
    """Return the API's report of yesterday and today, because midnight may pass during a visit."""
    today = datetime.now(UTC).date()  # the demo site's clock is UTC
    days = {"from": str(today - timedelta(days=1)), "to": str(today)}
    answer = requests.get(
        f"{url}/api/reports/conversions",
        {"site": account["site"], **days},
        headers={"Authorization": f"Bearer {account['report_token']}"},
        timeout=30,
    )
    answer.raise_for_status()
    report: dict[str, Any] = answer.json()
    return report


def credited(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a report about credit, without site and times."""
    return {name: report[name] for name in ("currency", "model", "basis", "rows", "unattributed", "totals")}


def expected(currency: str) -> dict[str, Any]:
    """Return the credit that the demo must give: one click and one sale, all for the ad."""
    sale = {"clicks": 1, "views": 0, "conversions": "1.000000", "value": PRICE}
    return {
        "currency": currency,
        "model": "last",
        "basis": "conversion",
        "rows": [{"ad": AD, "configured": True, **sale}],
        "unattributed": {"conversions": "0.000000", "value": "0.000000"},
        "totals": sale,
    }


def table(report: Mapping[str, Any]) -> str:
    """Write the report as a table of text."""
    rows = [COLUMNS, *(tuple(str(row[name]) for name in COLUMNS) for row in report["rows"])]
    unattributed, totals = report["unattributed"], report["totals"]
    rows.append(("(unattributed)", "", "", unattributed["conversions"], unattributed["value"]))
    rows.append(("total", *(str(totals[name]) for name in COLUMNS[1:])))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *lines = ["  ".join(map(str.rjust, row, widths)) for row in rows]
    return "\n".join([head, "-" * len(head), *lines])


def visit(browser: BrowserContext, tracker: Tracker, account: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Go from the ad to the report; return the report, and save two screenshots."""
    page = browser.new_page()
    go_shopping(page, tracker.url)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}-thanks.png")
    say("rolling up")
    tracker.manage("rollup", "--wait", "60")
    report = fetch_report(tracker.url, account)
    look_at_report(page, tracker.url, account)
    page.screenshot(path=ARTIFACTS / f"{name}-report.png", full_page=True)
    return report


def run(folder: Path, services: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Run the demo in its own folder; return the report and the site's currency."""
    name = "services" if services else "embedded"
    say(f"starting a tracker: {', '.join(services) or 'embedded'}")
    with demo_tracker(folder / "state", services) as (tracker, account), chromium(folder / "profile") as browser:
        return visit(browser, tracker, account, name), account["currency"]


def main() -> int:
    """Run the demo and print its report. Return 1 if the sale isn't credited to the ad."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="hitledger-demo-") as folder:
        report, currency = run(Path(folder), services_of(os.environ))
    print(f"Conversions by ad, model {report['model']}, in {report['currency']}\n\n{table(report)}\n", flush=True)
    say(f"done in {time.monotonic() - began:.0f} s; screenshots are in {ARTIFACTS.relative_to(CHECKOUT)}")
    if credited(report) == expected(currency):
        print(f"The sale is credited to {AD}: {PRICE} {currency}.")
        return 0
    print(f"The sale is NOT credited to {AD}, as it should be: {credited(report)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoChromium as error:
        sys.exit(f"demo: {error}")
