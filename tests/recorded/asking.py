"""Asking: the questions of the recorded tests, by HTTP: reports under every model, explanations, timelines, fits,
rejected hits."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.recorded.files import Record
from tests.recorded.steps import NOW, clock_at
from tests.recorded.traffic import BERLIN, HOWE, KOLKATA

MODELS = ("last", "first", "linear", "time_decay", "position", "markov", "shapley")
ALL = {"from": "2026-09-01", "to": "2026-11-05"}
WEEKEND = {"from": "2026-10-24", "to": "2026-10-26"}
#: Site -> the account whose token reads it.
READERS = {BERLIN: "north", KOLKATA: "north", HOWE: "south"}


def reports() -> Iterator[str]:
    """Return the addresses of reports. Each model and basis has one by as many keys as possible. Some others follow."""
    for model in MODELS:
        yield report(BERLIN, model=model, by="goal,campaign,ad,day", **ALL)
        yield report(BERLIN, model=model, basis="click", by="goal,ad,day", **ALL)
        yield report(BERLIN, model=model, by="hour,goal,ad", **WEEKEND)
        yield report(KOLKATA, model=model, by="ad,goal", **{**ALL, "from": "2026-10-01"})
        yield report(HOWE, model=model, by="hour,ad", **{"from": "2026-10-03", "to": "2026-10-05"})
    yield report(BERLIN, **ALL)
    yield report(BERLIN, goal="purchase", by="campaign", basis="click", **ALL)
    for site, by in ((BERLIN, "day"), (KOLKATA, "hour,ad"), (HOWE, "day,ad,goal")):
        yield report(site, model="linear", by=by, format="csv", **ALL)


def report(site: str, **parameters: str) -> str:
    """Return the address of a report."""
    return f"/api/reports/conversions?{urlencode({'site': site, **parameters})}"


def fits() -> Iterator[str]:
    """Return the addresses of each month's fits, for some goals."""
    for goal, month in product(("purchase", "signup", "lead", "big"), ("2026-09", "2026-10", "2026-11")):
        yield f"/api/reports/fits?site={BERLIN}&goal={goal}&month={month}"
    for month in ("2026-09", "2026-10"):
        yield f"/api/reports/fits?site={KOLKATA}&goal=order&month={month}"


def explanations() -> Iterator[str]:
    """Return the addresses of searches for conversions by order, visitor, user and hit."""
    orders = (
        "A-100",
        "A-101",
        "A-102",
        "A-103",
        "A-999",
        "P-1",
        "P-2",
        "P-u-3",
        "P-u-4",
        "C-1",
        "C-2",
        "C-3",
        "L-1",
        "L-3",
    )
    paths = ("X-ina", "X-jon", "X-kim", "X-lea", "X-max", "X-ned", "M-12-GBP", "M-13-CHF", "D-0", "D-2", "F-1")
    for order in (*orders, *paths):
        yield found(BERLIN, order=order)
    for one in ({"user": "u-1"}, {"user": "Guest"}, {"visitor": "dot"}, {"visitor": "cas"}, {"visitor": "v-001"}):
        yield found(BERLIN, **one)
    yield found(KOLKATA, visitor="k-10-02-1")
    yield found(HOWE, visitor="w-0")


def found(site: str, **by: str) -> str:
    """Return the address of a search for conversions."""
    return f"/api/conversions?{urlencode({'site': site, **by})}"


def timelines() -> Iterator[str]:
    """Return the addresses of some visitors' timelines, and of the rejected hits."""
    for visitor in ("ann", "shared", "phone-1", "cli-2", "old-2", "v-002", "full"):
        yield f"/api/visitors?site={BERLIN}&visitor={visitor}"
    for more in ("", "&code=bot", "&visitor=quo", "&order=S-3"):
        yield f"/api/rejected?site={BERLIN}&from=2026-09-01&to=2026-11-05{more}"
    yield f"/api/rejected?site={KOLKATA}&from=2026-10-01&to=2026-10-31"


def figures() -> list[str]:
    """Return the addresses of reports and fits. Their answers contain no hit ids."""
    return [*reports(), *fits()]


def questions() -> list[str]:
    """Return all addresses."""
    return [*figures(), *explanations(), *timelines()]


def ask(addresses: Iterable[str]) -> list[Record]:
    """Request every address; return the answers with their addresses."""
    client = Client()
    with clock_at(NOW):
        return [{"ask": address, **answer(client, address)} for address in addresses]


def answer(client: Client, address: str) -> dict[str, Any]:
    """Request an address with the token of the site's account; return status, type and text."""
    reader = next(READERS[site] for site in READERS if f"site={site}" in address)
    said = client.get(address, headers={"authorization": f"Bearer hl_report_recorded_{reader}"})
    return {"status": said.status_code, "type": said.headers["Content-Type"], "body": said.content.decode()}


def differences(expected: Iterable[Record], given: Iterable[Record]) -> list[str]:
    """Return the answers that differ, each with its first difference."""
    return [f"{one['ask']}: {where(one, other)}" for one, other in zip(expected, given, strict=True) if one != other]


def where(one: Record, other: Record) -> str:
    """Return the first place at which two answers differ, with some text around it."""
    if one["body"] == other["body"]:
        return f"{one} became {other}"
    old, new = one["body"], other["body"]
    place = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if len(set(pair)) > 1), min(len(old), len(new))
    )
    part = slice(max(place - 80, 0), place + 80)
    return f"{old[part]!r} became {new[part]!r}"
