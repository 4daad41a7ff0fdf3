"""Refusal: what a client has to change, of a request, a hit or a field -> status, code, field and detail. Pure."""


class Refusal(Exception):
    """What was asked can't be served as it is. Status and code are those of docs/errors.md."""

    #: Seconds after which the same may be asked again; None where that can't help.
    retry_after: int | None = None

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field

    def headers(self) -> dict[str, str]:
        """The headers of the answer that say what to do instead."""
        retry = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return retry | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


class WrongMethod(Refusal):
    """The address answers to other methods."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(405, "method_not_allowed", f"This address answers to {self.allowed}.")

    def headers(self) -> dict[str, str]:
        """The methods that it answers to."""
        return {"Allow": self.allowed}
