"""Bearer: reads the secret from the header `Authorization: Bearer SECRET`. Pure."""

SCHEME = "Bearer"
MAX_SECRET = 200


def read_bearer(authorization: str) -> str | None:
    """Return the secret in the header `Authorization: Bearer SECRET`. Return None if the header is of another kind, and
    "" if the secret is longer than any token."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None  # For example a proxy's Basic authentication.
    secret = secret.strip()
    return secret if len(secret) <= MAX_SECRET else ""
