"""Environment: reads environment variables and checks their values. If a value can't be used, the program ends with one
line that names the variable and says which values it may have."""

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from psycopg import pq

SQLITE = "django.db.backends.sqlite3"
SWITCHES = {
    **dict.fromkeys(("", "false", "no", "off", "0"), False),
    **dict.fromkeys(("true", "yes", "on", "1"), True),
}


#: The parameters that a postgres:// URL may have, such as sslmode and sslrootcert.
LIBPQ = tuple(option.keyword.decode() for option in pq.Conninfo.get_defaults())


class BadSetting(SystemExit):
    """An environment variable has a value that can't be used. The program ends with one line, which names the variable,
    and without a traceback."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"hitledger: {name} {problem}")


def read_text(name: str) -> str:
    """Read a variable as text; "" if it is unset. The library django-environ is not used for this, because it would
    expand `$name` in the value."""
    return os.environ.get(name, "")


def read_list(name: str) -> list[str]:
    """Read a comma-separated list: "a, b" gives ["a", "b"]."""
    return [part.strip() for part in read_text(name).split(",") if part.strip()]


def read_number(name: str, default: int, least: int, most: int) -> int:
    """Read a whole number from `least` to `most`; `default` if the variable is unset. Raises BadSetting."""
    text = read_text(name).strip() or str(default)
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
        raise BadSetting(name, f"must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def read_switch(name: str) -> bool:
    """Read a switch: true, yes, on and 1 mean true. False if the variable is unset. Raises BadSetting."""
    word = read_text(name).lower()
    if word not in SWITCHES:
        raise BadSetting(name, "must be true or false")
    return SWITCHES[word]


def read_url(name: str, *schemes: str, parameters: Sequence[str] = ()) -> str:
    """Read a URL that begins with one of the schemes; "" if the variable is unset. Raises BadSetting.

    The URL must name a host or a bucket, or a folder if its scheme is `file`. It may have only the query parameters in
    `parameters`. An unknown parameter is refused, because it may have been meant to turn encryption on.
    """
    url = read_text(name)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        named = parts.path and not parts.netloc if parts.scheme == "file" else parts.hostname and parts.port != 0
    except ValueError as error:
        raise BadSetting(name, f"is not a URL: {error}") from error
    if parts.scheme not in schemes or not url.startswith(f"{parts.scheme}://"):
        raise BadSetting(name, f"must begin with {' or '.join(scheme + '://' for scheme in schemes)}")
    if not named:
        raise BadSetting(name, "must name a host or a bucket after ://, or a folder after file:///")
    if any(map(str.isspace, parts.hostname or "")):
        raise BadSetting(name, "must not have blanks in its host")
    read_url_parameters(name, url, parameters)
    return url


def read_url_parameters(name: str, url: str, known: Sequence[str]) -> dict[str, str]:
    """Read the query parameters of the URL that is the value of a variable. Raises BadSetting for a parameter that is
    not in `known`: it may be the rest of a password that contains a `?`."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or not all(re.fullmatch(r"\w{1,40}", parameter) for parameter in given):
        raise BadSetting(name, "must have no ? or # but before its parameters; in a password they are %3F and %23")
    if unknown := sorted(set(given) - set(known)):
        raise BadSetting(name, f"must not have the parameter {unknown[0]}; it may have {', '.join(known) or 'none'}")
    return given


def read_database(name: str, default: Path) -> dict[str, Any]:
    """Read Django's settings of a database from a URL with the scheme postgres or sqlite. If the variable is unset, the
    database is the SQLite file `default`. Raises BadSetting."""
    url = read_text(name)
    if url and not re.match(r"(postgres|postgresql|sqlite)://", url):
        raise BadSetting(name, "must begin with sqlite:/// or postgres://")
    try:
        database: dict[str, Any] = environ.Env.db_url_config(url) if url else {"ENGINE": SQLITE, "NAME": str(default)}
    except Exception as error:
        raise BadSetting(name, f"is not a URL: {error}") from error
    # Without a name each connection would have its own database in memory, and all data would be lost.
    if database["NAME"] in ("", ":memory:"):
        raise BadSetting(name, "must name a database, such as sqlite:////folder/file or postgres://host/name")
    read_url_parameters(name, url, () if database["ENGINE"] == SQLITE else LIBPQ)
    return database


def read_choice(name: str, *choices: str) -> str:
    """Read a value that must be one of `choices`; upper and lower case are the same. If the variable is unset, return
    the first choice. Raises BadSetting."""
    word = read_text(name).upper() or choices[0]
    if word not in choices:
        raise BadSetting(name, f"must be one of {', '.join(choices)}")
    return word


def read_hosts(name: str, default: list[str]) -> list[str]:
    """Read a comma-separated list of host names, without scheme, port or path; `default` if the variable is unset.
    Raises BadSetting."""
    hosts = read_list(name) or default
    for host in hosts:
        if not re.fullmatch(r"\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise BadSetting(name, f"must be host names, separated by commas, without https:// and port, not {host!r}")
    return hosts


def read_prefix(name: str) -> str:
    """Read a prefix for names of queues; "" if the variable is unset. With different prefixes several trackers can use
    one broker. Raises BadSetting."""
    prefix = read_text(name)
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,40}", prefix):
        raise BadSetting(name, "must be up to 40 letters, digits and . _ -")
    return prefix


def read_names(name: str, known: Sequence[str]) -> list[str]:
    """Read a comma-separated list of names, such as names of apps. Each must be in `known`. Raises BadSetting."""
    names = [part for part in read_text(name).split(",") if part]
    if not set(names) <= set(known):
        raise BadSetting(name, f"must be a comma-separated list, without blanks, of {', '.join(known)}")
    return names


def read_paths(name: str, known: Sequence[str]) -> dict[str, str]:
    """Read alternative paths of endpoints: "collect=/in" gives {"collect": "/in"}. Each name must be in `known`. Raises
    BadSetting."""
    form = f"must be NAME=/PATH, separated by commas; NAME is one of {', '.join(known)}, each once with its own path"
    paths: dict[str, str] = {}
    for part in read_list(name):
        known_name, _, path = part.partition("=")
        if known_name not in known or known_name in paths or path in paths.values():
            raise BadSetting(name, f"{form}, not {part!r}")
        if not re.fullmatch(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99}){1,5}", path):
            raise BadSetting(name, f"{form} of letters, digits and . _ ~ -, not {path!r}")
        paths[known_name] = path
    return paths


def read_networks(name: str) -> list[Any]:
    """Read a comma-separated list of IP addresses and networks, such as 10.0.0.0/8. Raises BadSetting."""
    try:
        return [ip_network(text) for text in read_list(name)]
    except ValueError as error:
        raise BadSetting(name, f"must be a comma-separated list of networks such as 10.0.0.0/8: {error}") from error


def read_folder(name: str, default: Path) -> Path:
    """Read the path of a folder; `default` if the variable is unset. The folder is made if it is missing. Raises
    BadSetting."""
    folder = Path(read_text(name) or default).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(name, f"must be a folder that can be made and written: {error}") from error
    return folder


def read_shared_folder(name: str) -> Path | None:
    """Read the path of a folder that several processes write to; None if the variable is unset. The folder is made if
    it is missing. Raises BadSetting."""
    if not read_text(name):
        return None
    folder = read_folder(name, Path())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadSetting(name, f"must be a folder that can be written, not {folder}")
    return folder


def kept_secret(path: Path) -> str:
    """Read the secret key from a file. If the file is missing, make a random secret and write it there; two processes
    that start at once get the same secret. Raises BadSetting."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        if not path.exists():
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            with suppress(FileExistsError):
                path.hardlink_to(fresh)
        return path.read_text()
    except OSError as error:
        raise BadSetting("SECRET_KEY", f"is not set and can't be kept in HITLEDGER_STATE: {error}") from error
    finally:
        with suppress(OSError):
            fresh.unlink()
