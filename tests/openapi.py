"""Holds answers against /api/schema: a view gives what the description of its address says, and no more."""

import json
import re
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker


@cache
def description() -> dict[str, Any]:
    """The description of the whole API, in which no object has more properties than are named."""
    described: dict[str, Any] = json.loads(Client().get("/api/schema").content)
    for schema in described["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return described


def shape(name: str) -> dict[str, Any]:
    """The properties of a component."""
    return dict(description()["components"]["schemas"][name]["properties"])


def described(answer: Any) -> Any:
    """The same answer, which must be as the description of its address says; a refusal may be one of no view's own."""
    operation = operations()[shape_of(f"/{answer.resolver_match.route}"), answer.request["REQUEST_METHOD"].lower()]
    response = operation["responses"].get(str(answer.status_code))
    assert response or answer.status_code >= 400, f"{answer.status_code} is not described"
    content = response["content"].get("application/json") if response else None
    if content and answer.headers["Content-Type"].startswith("application/json"):
        schema = {**content["schema"], "components": description()["components"]}
        problems = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.json())
        assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []
    return answer


@cache
def operations() -> dict[tuple[str, str], Any]:
    """The description of each path and method."""
    paths = description()["paths"]
    return {(shape_of(path), method): one for path in paths for method, one in paths[path].items()}


def shape_of(path: str) -> str:
    """A path without the names of its parameters, which views and descriptions write in their own ways."""
    return re.sub(r"\{\w+\}|<(\w+:)?\w+>", "{}", path)
