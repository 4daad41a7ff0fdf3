"""Refusal: the error of a request, a hit or a field that is not accepted. It has a status, a code, a field and a
detail. Pure."""

from collections.abc import Mapping
from typing import Any

from tracker.collection.text import repair


class Refusal(Exception):
    """A request, a hit or a field is not accepted. docs/errors.md lists the statuses and codes.

    `detail` may quote the request. Characters that can't be sent in an answer are replaced in it.
    """

    #: The seconds after which the client may send the request again; None if that can't help.
    retry_after: int | None = None
    #: The parameters of the refused hit, or the beginning of a body that can't be read.
    about: Mapping[str, Any] | bytes = b""

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = repair(detail)
        self.field = field

    def headers(self) -> dict[str, str]:
        """Return the headers that the answer needs: Retry-After says when to try again, WWW-Authenticate how to sign
        in."""
        retry = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return retry | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


class WrongMethod(Refusal):
    """The refusal (405) of a request with an HTTP method that its address doesn't allow."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(405, "method_not_allowed", f"This address answers to {self.allowed}.")

    def headers(self) -> dict[str, str]:
        """Return the header Allow, which lists the allowed HTTP methods."""
        return {"Allow": self.allowed}
