"""Compares answers with /api/schema: a view must give what the schema describes, and nothing else."""

import json
import re
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker


@cache
def description() -> dict[str, Any]:
    """The schema of the whole API. No object may have other properties than the named ones."""
    described: dict[str, Any] = json.loads(Client().get("/api/schema").content)
    for schema in described["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return described


def shape(name: str) -> dict[str, Any]:
    """The properties of a component."""
    return dict(description()["components"]["schemas"][name]["properties"])


def described(answer: Any) -> Any:
    """Checks an answer against the schema and returns it. A refusal that every view may give needs no description."""
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
    """The part of the schema for each path and method."""
    paths = description()["paths"]
    return {(shape_of(path), method): one for path in paths for method, one in paths[path].items()}


def shape_of(path: str) -> str:
    """A path without the names of its parameters, which views and schema write differently."""
    return re.sub(r"\{\w+\}|<(\w+:)?\w+>", "{}", path)
