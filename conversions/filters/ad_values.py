"""Ad values: finds the values of an ad by which reports are grouped and filtered, such as its channel. Pure."""

from collections.abc import Collection

from conversions.facts.ad_names import Named
from conversions.filters.channels import Channels
from conversions.filters.origin import NONE, Origins
from conversions.rules.site import SiteConfig


class AdValues:
    """Finds the values of the ads of a site. `names`: the keys whose values are needed; see AD_KEYS."""

    def __init__(self, site: SiteConfig, names: Collection[str]) -> None:
        #: Whether origin and channel are needed. Most reports don't need them, and reading the match rules of a
        #: thousand ads takes milliseconds.
        self._needs_origin = not set(names) <= {"ad", "campaign"}
        self._origins = Origins(site.ads if self._needs_origin else ())
        self._channels = Channels(site)

    def of(self, ad: Named) -> dict[str, str]:
        """Return the values of an ad as key -> value. The result has at least the needed keys."""
        values = {"ad": ad[0], "campaign": ad[1] or NONE}
        if not self._needs_origin:
            return values
        origin = self._origins.of(ad)
        return {**values, **origin._asdict(), "channel": self._channels.of(ad, origin)}
