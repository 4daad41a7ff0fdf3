"""Checks answers against /api/schema: a view must return what the schema describes, and nothing else."""

import json
import re
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker


@cache
def description() -> dict[str, Any]:
    """Return the schema of the whole API. Objects may have only the properties that it names."""
    described: dict[str, Any] = json.loads(Client().get("/api/schema").content)
    for schema in described["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return described


def shape(name: str) -> dict[str, Any]:
    """Return the properties of a component of the schema."""
    return dict(description()["components"]["schemas"][name]["properties"])


def described(answer: Any) -> Any:
    """Check an answer against the schema, and return it. Refusals that every view may give needn't be described."""
    operation = operations()[shape_of(f"/{answer.resolver_match.route}"), answer.request["REQUEST_METHOD"].lower()]
    response = operation["responses"].get(str(answer.status_code))
    assert response or answer.status_code >= 400, f"{answer.status_code} is not in the schema"
    content = response["content"].get("application/json") if response else None
    if content and answer.headers["Content-Type"].startswith("application/json"):
        schema = {**content["schema"], "components": description()["components"]}
        problems = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.json())
        assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []
    return answer


@cache
def operations() -> dict[tuple[str, str], Any]:
    """Return the schema of each view by path and method."""
    paths = description()["paths"]
    return {(shape_of(path), method): one for path in paths for method, one in paths[path].items()}


def shape_of(path: str) -> str:
    """Replace the parameters in a path by {}, because views and the schema write their names differently."""
    return re.sub(r"\{\w+\}|<(\w+:)?\w+>", "{}", path)
