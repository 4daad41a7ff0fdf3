"""Refusal: the error of a request, a hit or a field, with the status, code, field and detail for the client. Pure."""

from collections.abc import Mapping
from typing import Any

from tracker.collection.text import repair


class Refusal(Exception):
    """The request, a hit or a field is refused. Status and code are those of docs/errors.md.

    `detail` may quote the request. Characters that no answer can contain are replaced in it.
    """

    #: The seconds after which the client may send the same again; None if that can't help.
    retry_after: int | None = None
    #: The refused parameters of a hit, or the beginning of a body that can't be read.
    about: Mapping[str, Any] | bytes = b""

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = repair(detail)
        self.field = field

    def headers(self) -> dict[str, str]:
        """The headers of the answer, which say when or how to ask again."""
        retry = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return retry | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


class WrongMethod(Refusal):
    """The address doesn't answer to the method of the request."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(405, "method_not_allowed", f"This address answers to {self.allowed}.")

    def headers(self) -> dict[str, str]:
        """The header with the methods that the address answers to."""
        return {"Allow": self.allowed}
