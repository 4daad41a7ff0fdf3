"""Filters: the parameters of a list's address -> the rows with those values. For the browsable API."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.filters import BaseFilterBackend, SearchFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from tracker.collection.refusal import Refusal

#: The longest text, and the number of digits that no id reaches.
MAX_TEXT, MAX_DIGITS = 200, 18


class NamedFilters(BaseFilterBackend):
    """Filters by a view's `filter_texts` and `filter_ids`: parameter -> field, such as {"site": "site__key"}."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """The rows that meet every given parameter. No row meets a text that can't be a value."""
        for names, may_be in ((texts_of(view), may_be_text), (ids_of(view), may_be_id)):
            for name, field in names.items():
                value = request.query_params.get(name, "")
                if value:
                    queryset = queryset.filter(**{field: value}) if may_be(value) else queryset.none()
        return queryset

    def to_html(self, _request: Request, _queryset: QuerySet[Model], _view: APIView) -> str:
        """No form, because the parameters are part of the address."""
        return ""

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """The parameters as /api/schema describes them."""
        types = {**dict.fromkeys(texts_of(view), "string"), **dict.fromkeys(ids_of(view), "integer")}
        return [
            {"name": name, "in": "query", "required": False, "schema": {"type": type_}} for name, type_ in types.items()
        ]


class Search(SearchFilter):
    """The rows with every word of `search` in one of a view's `search_fields`."""

    def get_search_terms(self, request: Request) -> list[str]:
        """The words. Raises Refusal for a NUL, which no database takes, and for a pattern too long for SQLite."""
        text = request.query_params.get(self.search_param, "")
        if len(text) > MAX_TEXT or "\0" in text:
            raise Refusal(400, "bad_parameter", f"At most {MAX_TEXT} characters, and no NUL.", self.search_param)
        terms: list[str] = super().get_search_terms(request)
        return terms


def texts_of(view: APIView) -> dict[str, str]:
    """Parameter -> field of texts; empty if the view has no such filters."""
    found: dict[str, str] = getattr(view, "filter_texts", {})
    return found


def ids_of(view: APIView) -> dict[str, str]:
    """Parameter -> field of ids."""
    found: dict[str, str] = getattr(view, "filter_ids", {})
    return found


def may_be_text(value: str) -> bool:
    """Whether the database takes the text."""
    return len(value) <= MAX_TEXT and value.isprintable()


def may_be_id(value: str) -> bool:
    """Whether the text can be an id: digits only, and not too many."""
    return len(value) <= MAX_DIGITS and value.isascii() and value.isdigit()
