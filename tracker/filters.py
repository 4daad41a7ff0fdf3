"""Filters: selects the rows of a browsable list by the request's query parameters."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.filters import BaseFilterBackend, SearchFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from tracker.collection.refusal import Refusal

#: A text has at most this many characters, and an id at most this many digits.
MAX_TEXT, MAX_DIGITS = 200, 18


class NamedFilters(BaseFilterBackend):
    """Selects rows by a view's `filter_texts` and `filter_ids`. They map a query parameter to a field: {"site":
    "site__key"}."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Select the rows that match every given parameter. A value that the field can't have selects no row."""
        for names, may_be in ((text_parameters(view), may_be_text), (ids_of(view), may_be_id)):
            for name, field in names.items():
                value = request.query_params.get(name, "")
                if value:
                    queryset = queryset.filter(**{field: value}) if may_be(value) else queryset.none()
        return queryset

    def to_html(self, _request: Request, _queryset: QuerySet[Model], _view: APIView) -> str:
        """Return no HTML form. The parameters are written in the address."""
        return ""

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameters for /api/schema."""
        types = {**dict.fromkeys(text_parameters(view), "string"), **dict.fromkeys(ids_of(view), "integer")}
        return [
            {"name": name, "in": "query", "required": False, "schema": {"type": type_}} for name, type_ in types.items()
        ]


class Search(SearchFilter):
    """Selects the rows that have every word of the parameter `search` in one of the view's `search_fields`."""

    def get_search_terms(self, request: Request) -> list[str]:
        """Split the search into words. Raises Refusal for a NUL, which PostgreSQL doesn't accept, and for a text that
        is too long for SQLite."""
        text = request.query_params.get(self.search_param, "")
        if len(text) > MAX_TEXT or "\0" in text:
            raise Refusal(400, "bad_parameter", f"At most {MAX_TEXT} characters, and no NUL.", self.search_param)
        terms: list[str] = super().get_search_terms(request)
        return terms


def text_parameters(view: APIView) -> dict[str, str]:
    """Return the view's query parameters for text fields: parameter -> field."""
    found: dict[str, str] = getattr(view, "filter_texts", {})
    return found


def ids_of(view: APIView) -> dict[str, str]:
    """Return the view's query parameters for id fields: parameter -> field."""
    found: dict[str, str] = getattr(view, "filter_ids", {})
    return found


def may_be_text(value: str) -> bool:
    """Whether a text can be compared in the database: it is short and has only printable characters."""
    return len(value) <= MAX_TEXT and value.isprintable()


def may_be_id(value: str) -> bool:
    """Whether a text can be an id: it has only digits, and not too many of them."""
    return len(value) <= MAX_DIGITS and value.isascii() and value.isdigit()
