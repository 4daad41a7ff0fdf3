"""Bearer: reads the secret from a request's Authorization header. Pure."""

SCHEME = "Bearer"
MAX_SECRET = 200


def read_bearer(authorization: str) -> str | None:
    """Return the secret of a bearer token; None if the header has another scheme; "" if the secret is too long to be
    valid."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None  # For example a proxy's Basic authentication.
    secret = secret.strip()
    return secret if len(secret) <= MAX_SECRET else ""
