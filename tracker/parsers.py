"""Parsers: reads the JSON body of a request to the API, and refuses texts that can't be stored."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser

from tracker.collection.text import has_half_letters, repair


class TextParser(JSONParser):
    """Reads JSON, and refuses a text with a lone surrogate, which is half of a character. A lone surrogate can neither
    be stored nor be shown in an error answer."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value in the body. Raises ParseError if the body isn't JSON. Raises ValidationError, which names
        the field, if a text has a lone surrogate."""
        body = super().parse(stream, media_type, parser_context)
        for field, value in body.items() if isinstance(body, dict) else (("non_field_errors", body),):
            if any(has_half_letters(text) for text in texts_of([field, value])):
                raise ValidationError({repair(field): ["Holds half a letter: a lone surrogate."]})
        return body


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, at any depth. The names in objects are texts too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend((*one.keys(), *one.values()))
        elif isinstance(one, list):
            waiting.extend(one)
