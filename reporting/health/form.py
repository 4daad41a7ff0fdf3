"""Form: converts the name of an unconfigured ad to the fields of the form that makes it a configured ad. Pure."""

import re
from urllib.parse import urlencode

from conversions.filters.origin import NONE, before

#: The texts that can be the key of an ad.
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,100}")


def form_of(name: str, campaign: str, network: str) -> str:
    """Return the fields of the form for a new ad, as a query string. The new ad will match the clicks with this name.
    `campaign` and `network` come from a report's row; they are (none) if the row has none.

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
