"""Filters: lets query parameters select the rows of a list in the browsable API."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.filters import BaseFilterBackend, SearchFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from tracker.collection.refusal import Refusal

#: A text has at most this many characters, and an id at most this many digits.
MAX_TEXT, MAX_DIGITS = 200, 18


class NamedFilters(BaseFilterBackend):
    """Selects rows by query parameters. The view's `filter_texts` and `filter_ids` say which: {"site": "site__key"}
    compares the parameter `site` with the model's field `site__key`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Return only the rows that match each given parameter. A value that the field can never have gives no row."""
        for names, may_be in ((text_parameters(view), may_be_text), (ids_of(view), may_be_id)):
            for name, field in names.items():
                value = request.query_params.get(name, "")
                if value:
                    queryset = queryset.filter(**{field: value}) if may_be(value) else queryset.none()
        return queryset

    def to_html(self, _request: Request, _queryset: QuerySet[Model], _view: APIView) -> str:
        """Return "": there is no form for the filters. People write the parameters into the address."""
        return ""

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the view's parameters for /api/schema."""
        types = {**dict.fromkeys(text_parameters(view), "string"), **dict.fromkeys(ids_of(view), "integer")}
        return [
            {"name": name, "in": "query", "required": False, "schema": {"type": type_}} for name, type_ in types.items()
        ]


class Search(SearchFilter):
    """Selects the rows that contain every word of the parameter `search`. The view's `search_fields` say in which
    fields to look."""

    def get_search_terms(self, request: Request) -> list[str]:
        """Return the words of the parameter `search`. Raises Refusal for a NUL, which PostgreSQL doesn't accept, and
        for a text that is too long for SQLite."""
        text = request.query_params.get(self.search_param, "")
        if len(text) > MAX_TEXT or "\0" in text:
            raise Refusal(400, "bad_parameter", f"At most {MAX_TEXT} characters, and no NUL.", self.search_param)
        terms: list[str] = super().get_search_terms(request)
        return terms


def text_parameters(view: APIView) -> dict[str, str]:
    """Return which query parameters of the view are compared with text fields: parameter -> field."""
    found: dict[str, str] = getattr(view, "filter_texts", {})
    return found


def ids_of(view: APIView) -> dict[str, str]:
    """Return which query parameters of the view are compared with ids: parameter -> field."""
    found: dict[str, str] = getattr(view, "filter_ids", {})
    return found


def may_be_text(value: str) -> bool:
    """Whether a value may be compared with a text field: it is short, and all its characters are printable."""
    return len(value) <= MAX_TEXT and value.isprintable()


def may_be_id(value: str) -> bool:
    """Whether a value may be compared with an id: it has only digits, and not too many."""
    return len(value) <= MAX_DIGITS and value.isascii() and value.isdigit()
