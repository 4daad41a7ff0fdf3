"""Bearer: the Authorization header of a request -> the secret in it. Pure."""

SCHEME = "Bearer"
MAX_SECRET = 200


def read_bearer(authorization: str) -> str | None:
    """Return the secret of a bearer token; None if the header has another scheme; empty if the text can't be a
    secret."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None  # Such as the Basic authentication of a proxy in front of the page.
    secret = secret.strip()
    return secret if len(secret) <= MAX_SECRET else ""
