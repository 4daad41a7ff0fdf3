"""OpenAPI: functions and extensions that describe views in /api/schema. An answer is described by its msgspec
struct."""

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from tracker.errors import ErrorBody

#: HTTP status of a refused request -> its meaning.
REFUSED = {
    400: "A parameter can't be used.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "Only staff may do this.",
    404: "No such thing, or it is another account's.",
    503: "A service is away; try again.",
}


#: The JSON reference to a component.
REF = "#/components/schemas/{name}"


class StructExtension(OpenApiSerializerExtension):
    """Tells drf-spectacular how to describe a msgspec struct: by its fields, their types and their `Meta`."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, *_: Any) -> str:
        """Return the name of the struct in /api/schema."""
        return str(self.target.__name__)

    def get_identity(self, *_: Any) -> str:
        """Return the name by which drf-spectacular tells structs apart. It is what `get_name` returns."""
        return self.get_name()

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Return the JSON schema of the struct. The structs in its fields are registered as components. In a request,
        fields with a default are optional."""
        shape = sent if direction == "request" else answered
        return shape(register(self.target, auto_schema, shape)[self.get_name()])


class Either:
    """Base of classes that describe an answer of several possible structs, which `structs` lists."""

    structs: tuple[type[msgspec.Struct], ...] = ()


class EitherExtension(OpenApiSerializerExtension):
    """Tells drf-spectacular how to describe an answer of several possible structs: by `anyOf`."""

    target_class = "tracker.openapi.Either"
    match_subclasses = True

    def get_name(self, *_: Any) -> str:
        """Return the name of the class in /api/schema."""
        return str(self.target.__name__)

    def get_identity(self, *_: Any) -> str:
        """Return the name by which drf-spectacular tells classes apart. It is what `get_name` returns."""
        return self.get_name()

    def map_serializer(self, auto_schema: AutoSchema, _direction: str) -> dict[str, Any]:
        """Return the JSON schema "any of these structs". Each struct is registered as a component."""
        for struct in self.target.structs:
            register(struct, auto_schema, answered)
        return {"anyOf": [{"$ref": REF.format(name=struct.__name__)} for struct in self.target.structs]}


def register(
    struct: type[msgspec.Struct], auto_schema: AutoSchema, shape: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Register a struct, and the structs in its fields, as components of /api/schema. Return their schemas: name ->
    schema.

    `shape` adapts msgspec's schema of each struct: `sent` for requests, `answered` for answers.
    """
    _, found = msgspec.json.schema_components([struct], ref_template=REF)
    for name, schema in found.items():
        part = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=shape(schema), object=name)
        auto_schema.registry.register_on_missing(part)
    return found


def sent(schema: dict[str, Any]) -> dict[str, Any]:
    """Adapt msgspec's schema of a struct to requests: an empty list `required` is removed, because OpenAPI doesn't
    allow it."""
    return {key: schema[key] for key in schema if schema[key] or key != "required"}


def answered(schema: dict[str, Any]) -> dict[str, Any]:
    """Adapt msgspec's schema of a struct to answers: a field with a default is always present, and only a field that
    may be UNSET is optional."""
    fields = schema["properties"]
    always = [*schema.get("required", ()), *(name for name in fields if "default" in fields[name])]
    plain = {name: {key: field[key] for key in field if key != "default"} for name, field in fields.items()}
    return {**schema, "properties": plain, "required": always}


def parameter(name: str, description: str, **more: Any) -> OpenApiParameter:
    """Describe a query parameter of a view. `more`: further arguments of OpenApiParameter."""
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=description, **more)


def filters(keys: Collection[str], when: str = "") -> list[OpenApiParameter]:
    """Describe the filters by these keys: `ad=` includes only a value, `ad!=` excludes it. `when`: a text that comes
    before each description."""
    texts = [(key, f"Only this {key}.") for key in keys] + [(f"{key}!", f"Leave this {key} out.") for key in keys]
    return [parameter(name, f"{when}{text} It may be repeated.", many=True) for name, text in texts]


def refusals(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Describe the error answers of a view that may have these HTTP statuses."""
    return {
        (status, "application/json"): OpenApiResponse(ErrorBody, description=REFUSED[status]) for status in statuses
    }
