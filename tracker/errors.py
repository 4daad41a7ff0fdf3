"""Errors: turns a refusal or an exception into an error answer: `{"error": {"code", "field", "detail"}}`.
docs/errors.md lists the codes."""

import logging
from typing import Annotated, Any

import msgspec
from django.core.exceptions import PermissionDenied, TooManyFieldsSent, ValidationError
from django.db import DataError, IntegrityError
from django.db.models import ProtectedError
from django.http import Http404, JsonResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from tracker.away import AWAY
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a request: a code for programs and a sentence for people. `field` is null if no single field
    is at fault."""

    code: Annotated[str, msgspec.Meta(description="See docs/errors.md.")]
    field: str | None
    detail: Annotated[str, msgspec.Meta(description="For people; it may change.")]


class ErrorBody(msgspec.Struct, frozen=True):
    """The JSON body of every error answer."""

    error: Problem
    fields: Annotated[
        dict[str, Any] | list[Any] | msgspec.UnsetType,
        msgspec.Meta(description="With the code `invalid`: all problems, by the fields of the body."),
    ] = msgspec.UNSET


def error_body(code: str, detail: str, field: str = "") -> dict[str, Any]:
    """Make the body of an error answer, as plain JSON types. `field`: the field at fault, "" if there is none."""
    return to_plain(ErrorBody(Problem(code, field or None, detail)))


def error_response(status: int, code: str, detail: str) -> JsonResponse:
    """Make the JSON response for an error, in a view that isn't a DRF view."""
    return JsonResponse(error_body(code, detail), status=status)


def describe(refusal: Refusal) -> dict[str, Any]:
    """Return the code, field and detail of a refusal, as an error answer contains them."""
    return to_plain(Problem(refusal.code, refusal.field or None, refusal.detail))


def refusal_response(refusal: Refusal) -> JsonResponse:
    """Make the JSON response to a refused request, in a view that isn't a DRF view."""
    return JsonResponse({"error": describe(refusal)}, status=refusal.status, headers=refusal.headers())


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Make the response to an exception that a DRF view raised. Return None for an unexpected exception; Django then
    answers 500."""
    if isinstance(error, AWAY):
        return unavailable(error)
    error = translate(error)
    if isinstance(error, Refusal):
        return Response({"error": describe(error)}, status=error.status, headers=error.headers())
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = validation_body(response.data)
    elif isinstance(error, exceptions.APIException):
        response.data = error_body(str(error.get_codes()), str(error.detail))
    return response


def translate(error: Exception) -> Exception:
    """Return the Refusal, or the exception of DRF, that stands for an exception of Django, a model or the database.
    Other exceptions are returned unchanged."""
    match error:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case TooManyFieldsSent():
            return Refusal(400, "bad_query", "The query has too many parameters.")
        case RecursionError():
            return exceptions.ParseError("The body is nested too deep.")
        case ValidationError(code="in_use"):
            return Refusal(409, "in_use", str(error.message))
        case ValidationError():
            return exceptions.ValidationError(serializers.as_serializer_error(error))
        case ProtectedError():
            names = ", ".join(sorted(str(one) for one in error.protected_objects)[:10])
            return Refusal(409, "in_use", f"This still refers to it: {names}.")
        case DataError():
            # Values that are saved were checked before. This error comes from a look-up, for example with a NUL.
            return exceptions.NotFound()
        case IntegrityError():
            return Refusal(409, "conflict", "Somebody else has just saved the same; look again.")
    return error


def unavailable(error: Exception) -> Response:
    """Make the response 503 because a service is away. The log says which one and why."""
    logger.warning("a request is answered 503: %r", error)
    body = error_body("unavailable", "A service that this needs is away; try again in a few seconds.")
    return Response(body, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def validation_body(data: Any) -> dict[str, Any]:
    """Make the body of the answer to an invalid request, from DRF's problems by field. Its code, field and detail are
    those of the first problem; `fields` has all problems."""
    path, detail = first_problem(data)
    field = ".".join(name for name in path if name not in ("non_field_errors", "__all__"))
    return {**error_body("invalid", detail, field), "fields": data}


def first_problem(data: Any) -> tuple[list[str], str]:
    """Find the first problem in DRF's problems, which may be nested. Return its path, such as ["rules", "0", "value"],
    and its text."""
    if isinstance(data, dict):
        entries = [(str(name), problems) for name, problems in data.items()]
    elif isinstance(data, list) and any(isinstance(problems, dict) for problems in data):
        entries = [(str(place), problems) for place, problems in enumerate(data)]
    else:
        return [], str(data[0] if isinstance(data, list) and data else data)
    name, problems = next(((name, problems) for name, problems in entries if problems), ("", ""))
    path, detail = first_problem(problems)
    return [name, *path], detail
