"""Bearer: the Authorization header of a request -> the secret that it shows. Pure."""

SCHEME = "Bearer"
MAX_SECRET = 200


def read_bearer(authorization: str) -> str | None:
    """The secret of a bearer token; None for another scheme; empty if the text can't be a secret."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None  # For example the Basic authentication of a proxy in front of the page.
    secret = secret.strip()
    return secret if len(secret) <= MAX_SECRET else ""
