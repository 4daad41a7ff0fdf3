"""The rules of dependence, checked on every import: which rooms, packages and libraries a module may import."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.rooms import (
    CHECKOUT,
    ROOMS,
    Import,
    arrows_between_packages,
    loops_of,
    read_files,
    read_imports,
)

#: The packages of a room from the lowest to the highest. Each imports only those before it. The modules directly in the
#: room come last: views, tasks, commands and the modules that open adapters.
PACKAGES = {
    "conversions": (
        *("units", "rules", "facts", "filters", "spend", "demo", "store", "attribution", "verdicts", "marks", "models"),
        *("configuration", "explain", "replay", "api"),
    ),
    "reporting": ("figures", "fits", "report", "wording", "health", "dashboard", "pages"),
    "tracker": ("collection",),
}
#: A package is pure if its docstring ends with this word. Its modules know no Django, no service, no clock and no
#: environment. They read everything through a port.
PURE = "Pure."
#: Modules in pure packages that aren't pure, with the reason.
IMPURE = {
    "conversions.units.now": "It reads the clock.",
    "conversions.explain.opening": "It opens the explainer over the store and the archive that the settings name.",
    "reporting.report.answer": "It reads the present configuration, uncached.",
    "reporting.report.spending": "It reads what was spent.",
    "reporting.report.sealed": "It reads marks, markers and replays.",
}
#: The modules of this room that other rooms may import. From collection: hits, refusals, failures, money, time and
#: text. Besides: the configuration, the errors that are waited out, the archive and the queue; and for views the form
#: of errors, the rule who may read which site, and descriptions for the schema.
SHARED = (
    *(f"tracker.collection.{name}" for name in ("hit", "refusal", "failure", "money", "clock", "text", "currencies")),
    *("tracker.collection.nobody", "tracker.collection.sample", "tracker.permissions"),
    *("tracker.models", "tracker.away", "tracker.archive", "tracker.errors", "tracker.access", "tracker.openapi"),
    "tracker.probe",
    "tracker.queues",
)
#: The modules with which `/click` accepts hits, as collection does. No other module of its room may import them.
DOOR = (
    *("tracker.commit", "tracker.lookup", "tracker.incoming", "tracker.admission", "tracker.refusals"),
    "tracker.visitor_cookie",
    *(f"tracker.collection.{name}" for name in ("collect", "body", "consent", "known", "visitor_id")),
)
#: The modules of conversions that reporting may import, besides the pure packages.
READ_BY_REPORTS = tuple(
    f"conversions.{name}" for name in ("store", "models", "marks", "configuration", "units.now", "explain.opening")
)
#: The outermost modules, which no other module may import.
OUTER = {
    "views",
    "pages",
    "tasks",
    "routes",
    "urls",
    "api",
    "admin",
    "click",
    "crossing_view",
    "postback_view",
    "wsgi",
    "asgi",
    "management",
}
#: Each library of a service, and the only modules that may import it.
ONE_PLACE = {
    "boto3": ("tracker.archive.s3",),
    "botocore": ("tracker.archive.s3",),
    "backports": ("tracker.archive.merged",),
    "cassandra": ("conversions.store",),
    "django_cassandra_engine": ("conversions.store",),
    "kombu": ("tracker.queues", "tracker.celery"),
    "amqp": ("tracker.queues.publish",),
    "celery": (
        *("tracker.queues", "tracker.celery"),
        *("tracker.tasks", "conversions.tasks", "reporting.tasks"),
    ),
    "environ": ("tracker.environment",),
}


FILES = read_files(CHECKOUT)


@cache
def imports() -> list[Import]:
    """Return every import of the product. They are read when the first test needs them, because not every test process
    does."""
    return read_imports(FILES)


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def is_outer(module: str) -> bool:
    return bool(OUTER.intersection(module.split(".")))


def package_of(module: str) -> str:
    """Return `room.package`; the room for a module directly in it."""
    room, _, rest = module.partition(".")
    package = rest.partition(".")[0]
    return f"{room}.{package}" if package in PACKAGES[room] else room


def is_pure_package(package: str) -> bool:
    return (ast.get_docstring(ast.parse(FILES[package].read_text())) or "").endswith(PURE)


PURE_PACKAGES = tuple(
    f"{room}.{name}" for room, names in PACKAGES.items() for name in names if is_pure_package(f"{room}.{name}")
)


def is_pure(module: str) -> bool:
    # The store's port and its records are pure. Its adapters aren't.
    in_port = within(module, *(f"conversions.store.{name}" for name in ("port", "spans", "linked", "checksum")))
    return in_port or (within(module, *PURE_PACKAGES) and module not in IMPURE)


def floor(module: str) -> int:
    """Return the position of a module's package in its room, from the lowest."""
    room = module.partition(".")[0]
    order = [f"{room}.{name}" for name in PACKAGES[room]] + [room]
    return order.index(package_of(module))


def allowed_across(importer: str, target: str) -> bool:
    """Whether a module of one room may import that module of another."""
    if within(importer, "conversions"):
        may_click = within(importer, "conversions.click") and within(target, *DOOR)
        return may_click or within(target, *SHARED)
    if within(importer, "reporting"):
        return within(target, *SHARED, *READ_BY_REPORTS) or (within(target, "conversions") and is_pure(target))
    return False


def broken(found: Iterator[Import]) -> list[str]:
    return [str(one) for one in found]


def test_the_rooms_are_found() -> None:
    assert {"tracker.collection.hit", "conversions.facts.records", "reporting.rollup"} <= set(FILES)
    assert len(imports()) > 100
    assert {"conversions.rules", "conversions.verdicts", "reporting.figures", "tracker.collection"} <= {*PURE_PACKAGES}


def test_a_room_imports_from_another_only_what_they_share() -> None:
    across = (
        one for one in imports() if within(one.target, *ROOMS) and not within(one.target, one.importer.split(".")[0])
    )
    assert broken(one for one in across if not allowed_across(one.importer, one.target)) == []


def test_collection_names_the_other_rooms_only_as_text() -> None:
    assert broken(one for one in imports() if within(one.importer, "tracker") and within(one.target, *ROOMS[1:])) == []


def test_a_package_imports_only_packages_below_it() -> None:
    inside = (one for one in imports() if within(one.target, one.importer.partition(".")[0]))
    assert broken(one for one in inside if floor(one.target) > floor(one.importer)) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_package_of_a_room_has_its_place_in_the_order(room: str) -> None:
    folders = {path.parent.name for path in (CHECKOUT / room).glob("*/__init__.py")}
    unordered = {"management", "migrations", "templatetags"} | ({"archive", "queues"} if room == "tracker" else set())
    assert folders - unordered == set(PACKAGES[room])


@pytest.mark.parametrize("room", ROOMS)
def test_no_packages_import_each_other_in_a_loop(room: str) -> None:
    assert loops_of(arrows_between_packages(room, FILES, imports())) == []


def test_no_modules_import_each_other_in_a_loop() -> None:
    assert loops_of({(one.importer, one.target) for one in imports() if one.target in FILES}) == []


def test_pure_modules_import_only_pure_modules_of_the_project() -> None:
    inner = (one for one in imports() if is_pure(one.importer) and within(one.target, *ROOMS))
    assert broken(one for one in inner if not is_pure(one.target)) == []


@pytest.mark.parametrize("module", [module for module in FILES if is_pure(module)])
def test_pure_modules_use_no_django_no_service_no_clock_and_no_environment(module: str) -> None:
    outside = ("django", "rest_framework", "os", "time", "random", "secrets", "socket", *ONE_PLACE)
    assert broken(one for one in imports() if one.importer == module and within(one.target, *outside)) == []


def test_views_tasks_and_commands_are_imported_only_by_each_other() -> None:
    inward = (one for one in imports() if within(one.target, *ROOMS) and is_outer(one.target))
    assert broken(one for one in inward if not is_outer(one.importer)) == []


@pytest.mark.parametrize("library", sorted(ONE_PLACE))
def test_the_library_of_a_service_is_imported_in_one_place(library: str) -> None:
    users = (one for one in imports() if within(one.target, library))
    assert broken(one for one in users if not within(one.importer, *ONE_PLACE[library])) == []


def test_no_import_is_inside_a_function() -> None:
    assert broken(one for one in imports() if one.in_function) == []


def test_no_code_uses_django_signals() -> None:
    signals = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.db.backends.signals")
    assert broken(one for one in imports() if within(one.target, *signals)) == []
