"""Refusal: the error for a request, hit or field that is not accepted: status, code, field and detail. Pure."""

from collections.abc import Mapping
from typing import Any

from tracker.collection.text import repair


class Refusal(Exception):
    """A request, a hit or a field is not accepted. docs/errors.md lists statuses and codes.

    `detail` may quote the request. Characters in it that no answer can contain are replaced.
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
        """Return the headers of the answer: when the client may try again, and how it must authenticate."""
        retry = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return retry | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


class WrongMethod(Refusal):
    """The refusal (405) of a request whose HTTP method the address doesn't allow."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(405, "method_not_allowed", f"This address answers to {self.allowed}.")

    def headers(self) -> dict[str, str]:
        """Return the header Allow, with the allowed methods."""
        return {"Allow": self.allowed}
