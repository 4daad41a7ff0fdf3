"""The rule of dependence, read from the imports of every module: what a room, a layer or a library may be used by."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
ROOMS = ("tracker", "conversions", "reporting")
#: What the other rooms share with collection: the hit, the configuration, what is waited out, and of configuration's
#: edge the shape of errors and the rule of who may read which site.
INNER_TRACKER = ("tracker.hit", "tracker.models", "tracker.away", "tracker.errors", "tracker.access")
#: What `/click` takes hits in with, as a page of collection would; no other module of its room may.
DOOR = (
    *("tracker.commit", "tracker.queues", "tracker.lookup", "tracker.incoming", "tracker.admission"),
    *("tracker.collect", "tracker.body"),
)
#: Functions and records without Django, clock or environment; those that read do so by the Store port.
PURE = {
    *(f"tracker.{name}" for name in ("hit", "body", "fields", "currencies", "collect")),
    *(f"conversions.{name}" for name in ("facts", "goals", "touch", "credit", "attribute", "clock", "site", "traffic")),
    *(
        f"conversions.{name}"
        for name in (
            "fit",
            "fitted",
            "inputs",
            "markov",
            "shapley",
            "beside",
            "conditions",
            "handover",
            "crawlers",
            "place",
            "rates",
            "reasons",
            "rejected",
            "rules",
            "unrated",
            "rate_file",
            "destination",
            "paths",
            "person",
            "claims",
            "claimants",
            "naming",
            "micros",
            "find",
            "explain",
            "affected",
            "store.port",
            "store.spans",
            "store.timelines",
            "store.evidence",
            "store.fits",
            "store.people",
        )
    ),
    *(
        f"reporting.{name}"
        for name in (
            "aside",
            "cells",
            "entries",
            "figures",
            "fits",
            "learnt",
            "query",
            "report",
            "table",
            "telling",
            "live",
        )
    ),
}
#: What stands between the world and the functions, and is therefore imported by nothing further in.
OUTER = {"views", "pages", "tasks", "routes", "urls", "api", "admin", "click", "wsgi", "asgi", "management"}
#: Each library of a service, and where alone it is imported.
ONE_PLACE = {
    "boto3": ("tracker.archive.s3",),
    "botocore": ("tracker.archive.s3",),
    "cassandra": ("conversions.store",),
    "django_cassandra_engine": ("conversions.store",),
    "kombu": ("tracker.queues", "tracker.celery"),
    "amqp": ("tracker.queues.publish",),
    "celery": (
        "tracker.queues",
        "tracker.celery",
        "tracker.step",
        "tracker.tasks",
        "conversions.tasks",
        "reporting.tasks",
    ),
    "environ": ("tracker.environment",),
}


class Import(NamedTuple):
    """Module `importer` takes `target` (a module, or a name in one) in, at `line`; inside a function or not."""

    importer: str
    target: str
    line: int
    in_function: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def module_files() -> dict[str, Path]:
    files = {}
    for room in ROOMS:
        for path in sorted((CHECKOUT / room).rglob("*.py")):
            parts = path.relative_to(CHECKOUT).with_suffix("").parts
            if "migrations" not in parts:
                files[".".join(parts).removesuffix(".__init__")] = path
    return files


FILES = module_files()


def targets(node: ast.AST, importer: str) -> Iterator[str]:
    """The modules that a statement imports; `from room import module` names the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{importer}:{node.lineno}: a relative import"
        base = node.module or ""
        yield from ({f"{base}.{alias.name}" if f"{base}.{alias.name}" in FILES else base for alias in node.names})


def imports_of(importer: str) -> Iterator[Import]:
    tree = ast.parse(FILES[importer].read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        for target in targets(node, importer):
            yield Import(importer, target, getattr(node, "lineno", 0), id(node) in inside)


IMPORTS = [found for importer in FILES for found in imports_of(importer)]


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def is_outer(module: str) -> bool:
    return bool(OUTER.intersection(module.split(".")))


def allowed_across(importer: str, target: str) -> bool:
    """Whether a module of one room may import that module of another."""
    if within(importer, "conversions"):
        may_click = within(importer, "conversions.click") and within(target, *DOOR)
        return may_click or within(target, *INNER_TRACKER)
    if within(importer, "reporting"):
        # `ranges` reads the --site, --from and --to that the commands of both rooms take.
        conversions = target in PURE or within(target, "conversions.store", "conversions.models", "conversions.ranges")
        return within(target, *INNER_TRACKER) or (within(target, "conversions") and conversions)
    return False


def broken(found: Iterator[Import]) -> list[str]:
    return [str(one) for one in found]


def test_the_rooms_are_read() -> None:
    assert {"tracker.hit", "conversions.facts", "reporting.rollup"} <= set(FILES)
    assert len(IMPORTS) > 100


def test_a_room_imports_from_another_only_what_they_share() -> None:
    across = (
        one for one in IMPORTS if within(one.target, *ROOMS) and not within(one.target, one.importer.split(".")[0])
    )
    assert broken(one for one in across if not allowed_across(one.importer, one.target)) == []


def test_collection_names_the_other_rooms_as_text_only() -> None:
    assert broken(one for one in IMPORTS if within(one.importer, "tracker") and within(one.target, *ROOMS[1:])) == []


def test_pure_modules_import_only_pure_modules_of_the_project() -> None:
    inner = (one for one in IMPORTS if one.importer in PURE and within(one.target, *ROOMS))
    assert broken(one for one in inner if one.target not in PURE) == []


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_know_no_django_no_service_no_clock_and_no_environment(module: str) -> None:
    outside = ("django", "rest_framework", "os", "time", "random", "secrets", "socket", *ONE_PLACE)
    assert module in FILES
    assert broken(one for one in IMPORTS if one.importer == module and within(one.target, *outside)) == []


def test_views_tasks_and_commands_are_imported_only_by_their_like() -> None:
    inward = (one for one in IMPORTS if within(one.target, *ROOMS) and is_outer(one.target))
    assert broken(one for one in inward if not is_outer(one.importer)) == []


@pytest.mark.parametrize("library", sorted(ONE_PLACE))
def test_the_library_of_a_service_is_imported_in_one_place(library: str) -> None:
    users = (one for one in IMPORTS if within(one.target, library))
    assert broken(one for one in users if not within(one.importer, *ONE_PLACE[library])) == []


def test_no_function_imports() -> None:
    assert broken(one for one in IMPORTS if one.in_function) == []


def test_nothing_happens_by_signal() -> None:
    signals = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.db.backends.signals")
    assert broken(one for one in IMPORTS if within(one.target, *signals)) == []
