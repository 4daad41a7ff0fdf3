"""docs/errors.md has exactly the codes that the source can answer, with their statuses."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import pytest
from django.test import Client
from rest_framework import exceptions

from conversions.rules import reasons
from tests.running import CHECKOUT
from tests.test_rooms import FILES
from tracker.errors import first_problem

#: Function -> position of the argument with the code, and of the one with the status, if any.
CODES: dict[str, tuple[int, int | None]] = {
    "Refusal": (1, 0),
    "error_response": (1, 0),
    "handler_of": (1, 0),
    "error_body": (0, None),
    "AuthenticationFailed": (1, None),
}
#: Place of a reason in docs/errors.md -> its codes.
REASONS: dict[str, Any] = {
    "conversion": reasons.ConversionReason,
    "click": reasons.ClickReason,
    "value": reasons.ValueReason,
    "touch": reasons.TouchReason,
    "duplicate": reasons.DuplicateReason,
    "adjustment": reasons.AdjustmentEffect,
    "model": reasons.WeighReason,
}
SENTENCES: tuple[Callable[..., str], ...] = (
    *(reasons.conversion_sentence, reasons.click_sentence, reasons.value_sentence, reasons.touch_sentence),
    *(reasons.duplicate_sentence, reasons.adjustment_sentence, reasons.model_sentence),
)
#: Functions that refuse with `bad_FIELD`, where FIELD is their second argument.
FIELD_READERS = {
    *("read_text", "read_prose", "read_id", "read_choice", "as_text", "check_text"),
    *("read_one_of", "_read_yes_or_no"),
}
FIELDS_OF_HITS_AND_REPORTS = (
    *("tracker.collection.fields", "tracker.collection.collect"),
    *("reporting.report.query", "reporting.dashboard.choice", "conversions.explain.wanted"),
)
#: The errors that DRF raises by itself.
DRF = (
    *(exceptions.ParseError, exceptions.NotAuthenticated, exceptions.PermissionDenied, exceptions.NotFound),
    *(
        exceptions.MethodNotAllowed,
        exceptions.NotAcceptable,
        exceptions.UnsupportedMediaType,
        exceptions.ValidationError,
    ),
)


def documented(section: str) -> dict[str, str]:
    """Return code -> status, from the first table after a heading."""
    _, _, text = (CHECKOUT / "docs" / "errors.md").read_text().partition(f"# {section}\n")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text.partition("\n## ")[0], re.MULTILINE)
    assert len(rows) == len({code for code, _ in rows}), "a code is listed twice"
    return dict(rows)


def documented_places(section: str) -> set[tuple[str, str]]:
    """Return pairs of code and place, from the same table."""
    _, _, text = (CHECKOUT / "docs" / "errors.md").read_text().partition(f"# {section}\n")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", text.partition("\n## ")[0], re.MULTILINE)
    return {(code, place) for code, places in rows for place in places.split(", ")}


def calls(*modules: str) -> Iterator[ast.Call]:
    """Yield the calls in some modules, or in all."""
    for module in modules or FILES:
        yield from (node for node in ast.walk(ast.parse(FILES[module].read_text())) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def constant(call: ast.Call, place: int) -> object:
    argument = call.args[place] if place < len(call.args) else None
    return argument.value if isinstance(argument, ast.Constant) else None


def is_base_call(call: ast.Call) -> bool:
    """Whether the call is like `super().__init__(429, "rate_limited", ...)` of a Refusal."""
    return name_of(call) == "__init__" and isinstance(constant(call, 0), int) and isinstance(constant(call, 1), str)


def answered() -> dict[str, set[int]]:
    """Return code -> the statuses that the source gives with it."""
    found: dict[str, set[int]] = defaultdict(set)
    for call in calls():
        place, status = CODES.get(name_of(call), (1, 0) if is_base_call(call) else (None, None))
        if place is not None and isinstance(code := constant(call, place), str):
            found[code].update({constant(call, status)} if status is not None else ())  # type: ignore[arg-type]
    for call in calls(*FIELDS_OF_HITS_AND_REPORTS):
        if name_of(call) in FIELD_READERS and isinstance(field := constant(call, 1), str):
            found[f"bad_{field}"].update(())
    for error in DRF:
        found[error.default_code].add(error.status_code)
    return found


def test_every_code_that_is_answered_is_documented() -> None:
    assert len(answered()) > 50
    assert set(answered()) - set(documented("Errors")) == set()


def test_every_documented_code_is_answered() -> None:
    assert set(documented("Errors")) - set(answered()) == set()


def test_statuses_are_those_of_the_source() -> None:
    table = {code: set(map(int, status.split(", "))) for code, status in documented("Errors").items()}
    assert {code: statuses for code, statuses in answered().items() if not statuses <= table[code]} == {}


def test_codes_are_listed_in_order() -> None:
    assert list(documented("Errors")) == sorted(documented("Errors"))


def test_every_code_of_a_rejected_hit_is_documented_and_no_other() -> None:
    assert set(documented("Rejected hits")) == set(get_args(reasons.RejectedCode))


def test_every_reason_is_documented_with_its_place_and_no_other() -> None:
    given = {(code, place) for place, codes in REASONS.items() for code in get_args(codes)}
    assert documented_places("Reasons in explanations") == given


def test_every_reason_is_used_somewhere() -> None:
    texts = {
        node.value
        for module, path in FILES.items()
        if module != "conversions.rules.reasons"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {code for kind in [reasons.RejectedCode, *REASONS.values()] for code in get_args(kind)}
    assert codes - texts == set()


@pytest.mark.parametrize("say", SENTENCES, ids=lambda say: say.__name__)
def test_every_reason_has_a_sentence_of_its_own(say: Callable[..., str]) -> None:
    kind, *more = get_type_hints(say, include_extras=True).values()
    sentences = [say(code, *["October"] * (len(more) - 1)) for code in get_args(kind)]
    assert all(sentence.endswith(".") for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/collect/more", "/healthz/more"])
def test_a_program_gets_a_json_error_for_an_unknown_path(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "not_found",
        "field": None,
        "detail": "There is nothing at this address.",
    }


def test_a_browser_gets_a_page_for_an_unknown_path_and_json_below_api(client: Client) -> None:
    assert client.get("/nothing", HTTP_ACCEPT="text/html")["Content-Type"].startswith("text/html")
    assert client.get("/api/nothing", HTTP_ACCEPT="text/html").json()["error"]["code"] == "not_found"


@pytest.mark.django_db
def test_a_cross_site_form_is_refused_with_a_page_and_a_program_with_json() -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.post("/login", {"username": "x", "password": "y"}, HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Type"].partition(";")[0]) == (403, "text/html")
    answer = client.post("/login", {"username": "x", "password": "y"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("data", "path", "detail"),
    [
        ({"name": ["Too long."]}, ["name"], "Too long."),
        (["Not so."], [], "Not so."),
        ({"non_field_errors": ["Both."]}, ["non_field_errors"], "Both."),
        ({"rules": [{}, {"source": ["Bad."]}]}, ["rules", "1", "source"], "Bad."),
        ({"rules": {"3": ["Bad."]}}, ["rules", "3"], "Bad."),
    ],
)
def test_the_first_problem_is_found_with_its_place(data: object, path: list[str], detail: str) -> None:
    assert first_problem(data) == (path, detail)
