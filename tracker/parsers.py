"""Parsers: the body of a request to the API -> its values, if their texts can be stored and shown."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser

from tracker.collection.text import has_half_letters, repair


class TextParser(JSONParser):
    """Parses JSON and refuses lone surrogates. A text with one can be neither stored nor shown in the answer that
    refuses it."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value. Raises ValidationError, with the field's name, or ParseError."""
        body = super().parse(stream, media_type, parser_context)
        for field, value in body.items() if isinstance(body, dict) else (("non_field_errors", body),):
            if any(has_half_letters(text) for text in texts_of([field, value])):
                raise ValidationError({repair(field): ["Holds half a letter: a lone surrogate."]})
        return body


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a JSON value, names included, at any depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend((*one.keys(), *one.values()))
        elif isinstance(one, list):
            waiting.extend(one)
