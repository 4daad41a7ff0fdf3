"""Naming: the names of spend -> the click that has these names, and thereby its ad. Pure."""

from conversions.facts.records import Touch
from conversions.rules.ads import CLICK_IDS
from conversions.spend.lines import SpendNames

#: Network -> a click id's parameter, by which a touch says its network.
_PARAMETERS = {network: parameter for parameter, network in CLICK_IDS.items()}


def touch_of(names: SpendNames) -> Touch:
    """The click that these names would have. Spend belongs to the ad of this click."""
    tags = names._replace(network=_PARAMETERS.get(names.network, ""))._asdict()
    return Touch(site="", visitor="", kind="click", at=0, hit="", **tags)
