"""Form: the name of an unconfigured ad -> the parameters of the form that makes a configured ad of it. Pure."""

import re
from urllib.parse import urlencode

from conversions.filters.origin import NONE, before

#: The texts that can be the key of an ad.
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,100}")


def form_of(name: str, campaign: str, network: str) -> str:
    """Return the parameters of the form of a new ad that would match the clicks with this name, as a query. `campaign`
    and `network`: those of a report's row, (none) if there is none.

    The name is made of utm tags, or it is a network, or the key that hits give to the ad. The fields of the ad's match
    rule begin with `rule-`.
    """
    rule = {"network": network} if network != NONE else tags_of(name, "" if campaign == NONE else campaign)
    key = re.sub(r"[^A-Za-z0-9._:-]+", "-", name).strip("-")[:100]
    fields = {
        "key": key,
        "name": name[:200],
        **{f"rule-{field}": value[:200] for field, value in rule.items() if value},
    }
    return urlencode(fields)


def tags_of(name: str, campaign: str) -> dict[str, str]:
    """Return the utm tags of which a name was made: "google/cpc/spring/blue" with the campaign "spring" gives source
    google, medium cpc, campaign spring and content blue. {} if the name isn't made of tags."""
    if campaign:
        if f"/{campaign}/" not in f"/{name}/":
            return {}
        source, _, medium = before(name, campaign).partition("/")
        content = f"/{name}/".partition(f"/{campaign}/")[2].removesuffix("/")
    else:
        source, _, rest = name.partition("/")
        medium, _, content = rest.partition("/")
    return {"source": source, "medium": medium, "campaign": campaign, "content": content}
