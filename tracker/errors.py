"""The shape of every error: `{"error": {"code", "field", "detail"}}`, with a code from docs/errors.md."""

import logging
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from tracker.hit import Unavailable

logger = logging.getLogger(__name__)

#: A service is away; nothing is wrong with the request.
AWAY = (Unavailable, OperationalError, InterfaceError)
RETRY_SECONDS = 5


class Refused(exceptions.APIException):
    """A request that can't be served as it is. The code is one of the documented list."""

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.field = field


def error_body(code: str, detail: str, field: str = "") -> dict[str, Any]:
    """The body of an error answer; `field` is null where no single one is to blame."""
    return {"error": {"code": code, "field": field or None, "detail": detail}}


def error_response(status: int, code: str, detail: str, field: str = "") -> JsonResponse:
    """An error answer of a plain Django view."""
    return JsonResponse(error_body(code, detail, field), status=status)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answers in the shape of ours."""
    if isinstance(error, AWAY):
        return unavailable(error)
    if isinstance(error, TooManyFieldsSent):
        error = Refused(400, "bad_query", "The query has too many parameters.")
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = validation_body(response.data)
    elif isinstance(error, exceptions.APIException):
        response.data = error_body(str(error.get_codes()), str(error.detail), getattr(error, "field", ""))
    else:
        response.data = error_body(
            "not_found" if response.status_code == 404 else "refused", str(error) or "Not found."
        )
    return response


def unavailable(error: Exception) -> Response:
    """The answer while a service is away. What exactly failed is the operator's to know, so it goes to the log."""
    logger.warning("a request is answered 503: %r", error)
    body = error_body("unavailable", "A service that this needs is away; try again in a few seconds.")
    return Response(body, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def validation_body(data: Any) -> dict[str, Any]:
    """The first problem as code, field and detail, all of them beside it under `fields`."""
    fields = data if isinstance(data, dict) else {"": data}
    field, problems = next(iter(fields.items()), ("", ""))
    detail = problems[0] if isinstance(problems, list) and problems else problems
    field = "" if field == "non_field_errors" else field
    return {**error_body("invalid", str(detail), str(field)), "fields": data}
