"""Naming: the touch that spend's names would have. It gives spend its ad. Pure."""

from conversions.facts.records import Touch
from conversions.rules.ads import CLICK_IDS
from conversions.spend.lines import SpendNames

#: Ad network -> the parameter of its click ids. A touch has this parameter in place of the network.
_PARAMETERS = {network: parameter for parameter, network in CLICK_IDS.items()}


def as_touch(names: SpendNames) -> Touch:
    """Make a touch with the names of spend. Spend belongs to the same ad as this touch."""
    tags = names._replace(network=_PARAMETERS.get(names.network, ""))._asdict()
    return Touch(site="", visitor="", kind="click", at=0, hit="", **tags)
