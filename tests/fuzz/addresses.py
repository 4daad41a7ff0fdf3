"""Addresses: lists the tracker's addresses, with their methods and how often each is requested."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import requests
from django.urls import URLPattern, URLResolver, get_resolver

#: A placeholder in an address, such as a site's key.
HOLE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
#: The weight of an address: if it takes hits, if it is open to everybody, and if it isn't.
OFTEN, NORMAL, SELDOM = 4.0, 1.0, 0.02
HOLES = re.compile(r"\{(\w+)\}")


def addresses(patterns: Iterable[URLPattern | URLResolver] | None = None, prefix: str = "/") -> list[str]:
    """Return every address of the tracker. `{name}` stands for a parameter."""
    found: list[str] = []
    for one in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + HOLE.sub(lambda hole: f"{{{hole[1] or hole[2]}}}", str(one.pattern)).strip("^").rstrip("$Z\\")
        found += addresses(one.url_patterns, path) if isinstance(one, URLResolver) else [path]
    return sorted(set(found))


@dataclass(frozen=True)
class Address:
    """An address: its weight (how often it is requested), its methods and its query parameters."""

    path: str
    weight: float
    methods: tuple[str, ...]
    names: tuple[str, ...]


def look_at(url: str, paths: Iterable[str]) -> list[Address]:
    """Return each address of a running tracker with its weight, methods and parameters."""
    described: dict[str, Any] = requests.get(f"{url}/api/schema", timeout=30).json()["paths"]
    found = []
    for path in paths:
        ways = described.get(path, {})
        names = {one["name"] for way in ways.values() for one in way.get("parameters", []) if one["in"] == "query"}
        answer = requests.get(f"{url}{HOLES.sub('x', path)}", allow_redirects=False, timeout=10)
        found.append(Address(path, weight(answer), tuple(map(str.upper, ways)) or ("GET",), tuple(sorted(names))))
    return found


def weight(answer: requests.Response) -> float:
    """Return the weight of an address that gives this answer to a stranger."""
    if answer.status_code in (401, 403) or "/login" in answer.headers.get("Location", ""):
        return SELDOM
    return OFTEN if "Access-Control-Allow-Origin" in answer.headers else NORMAL
