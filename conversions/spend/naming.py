"""Naming: finds the ad of spend in the same way as the ad of a click. Pure."""

from conversions.facts.records import Touch
from conversions.rules.ads import CLICK_IDS
from conversions.spend.lines import SpendNames

#: Ad network -> the parameter of its click ids. A touch has this parameter in place of the network.
_PARAMETERS = {network: parameter for parameter, network in CLICK_IDS.items()}


def as_touch(names: SpendNames) -> Touch:
    """Make up a click that has the tags, the network and the ad key of some spend. The spend belongs to the ad that
    AdNames finds for this click."""
    tags = names._replace(network=_PARAMETERS.get(names.network, ""))._asdict()
    return Touch(site="", visitor="", kind="click", at=0, hit="", **tags)
