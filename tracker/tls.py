"""TLS: makes the TLS options for connections to the broker and to Cassandra, from the parameters of the service's URL.
Each connection checks the server's certificate and name."""

import ssl
from typing import Any
from urllib.parse import urlsplit

from tracker.environment import BadSetting, read_url_parameters

#: The parameters that name PEM files: the authority that signed the server's certificate; and our own certificate and
#: key, for servers that ask for one.
FILES = ("cacertfile", "certfile", "keyfile")
CASSANDRA = ("ssl", "servername", *FILES)


def make_context(name: str, parameters: dict[str, str]) -> ssl.SSLContext:
    """Make an SSL context that checks the server's certificate and name. `name`: the variable that has the URL;
    `parameters`: the URL's parameters. Raises BadSetting if a file that the parameters name can't be used."""
    try:
        context = ssl.create_default_context(cafile=parameters.get("cacertfile"))
        if certificate := parameters.get("certfile"):
            context.load_cert_chain(certificate, parameters.get("keyfile"))
    except (OSError, ValueError) as error:
        raise BadSetting(name, f"names a file of certificates that can't be used: {error}") from error
    return context


def broker_options(name: str, url: str) -> dict[str, Any] | None:
    """Make Celery's TLS options for the broker; None if its URL asks for no TLS. `name`: the variable of the URL.
    Raises BadSetting."""
    parameters = read_url_parameters(name, url, FILES)
    parts = urlsplit(url)
    if parts.scheme != "amqps":
        if parameters:
            raise BadSetting(name, f"must begin with amqps:// if it has {' or '.join(parameters)}")
        return None
    make_context(name, parameters)  # Raises BadSetting now. Otherwise each connection would fail later.
    return {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": parts.hostname,
        "ca_certs": parameters.get("cacertfile"),
        "certfile": parameters.get("certfile"),
        "keyfile": parameters.get("keyfile"),
    }


def cassandra_options(name: str, url: str) -> dict[str, Any]:
    """Make the TLS options of the Cassandra driver; {} if the URL asks for no TLS. `name`: the variable of the URL.
    Raises BadSetting.

    The driver connects to IP addresses, some of which it learns from the nodes. Therefore the certificate of each node
    must have the node's address; or all must have the name in the URL's parameter `servername`.
    """
    parameters = read_url_parameters(name, url, CASSANDRA)
    if parameters.get("ssl", "false") not in ("true", "false"):
        raise BadSetting(name, "must have ssl=true or ssl=false")
    if parameters.get("ssl") != "true":
        if set(parameters) - {"ssl"}:
            raise BadSetting(name, "must have ssl=true if it has other parameters")
        return {}
    server = {"server_hostname": parameters["servername"]} if "servername" in parameters else None
    return {"ssl_context": make_context(name, parameters), "ssl_options": server}
