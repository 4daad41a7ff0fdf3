"""Bearer: the Authorization header of a request -> the secret that it shows. Pure."""

SCHEME = "Bearer"
MAX_SECRET = 200


def read_bearer(authorization: str) -> str | None:
    """The secret of a bearer token, None for another scheme. What can be no token's secret is the empty text."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None  # such as the Basic that a proxy in front of the page asked for
    secret = secret.strip()
    return secret if len(secret) <= MAX_SECRET else ""
