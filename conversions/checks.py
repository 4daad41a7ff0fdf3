"""Checks: stops the start with an error if two distributions install the package `cassandra`."""

from collections.abc import Sequence
from importlib.metadata import packages_distributions
from typing import Any

from django.core.checks import CheckMessage, Error, register

MEND = "pip uninstall --yes scylla-driver cassandra-driver && pip install --no-deps -r requirements.txt"


@register
def check_cassandra_driver(**_options: Any) -> list[CheckMessage]:
    """Check the Cassandra driver. Django runs this at every start, and doesn't start if there is an error."""
    return find_second_driver(packages_distributions().get("cassandra", []))


def find_second_driver(owners: Sequence[str]) -> list[CheckMessage]:
    """Return an error if several distributions install `cassandra`: they overwrite each other's files, and hits could
    be lost."""
    names = sorted(set(owners))
    if len(names) < 2:
        return []
    return [
        Error(
            f"{' and '.join(names)} both install the package `cassandra` and overwrite each other's files.",
            hint=f"Run: {MEND}",
            id="hitledger.E001",
        )
    ]
