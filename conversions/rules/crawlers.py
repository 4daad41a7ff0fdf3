"""Crawlers: finds the name of a crawler in the user agent of a hit. Pure.

The patterns come from the package crawler-user-agents. The package also lists HTTP libraries, automated browsers, apps
that show web pages, and the webhooks of shops and payment services. Hits from these programs may be real. Therefore a
listed pattern alone is not enough: the user agent must also contain one of WORDS, or the pattern must be one of OTHERS.
"""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

#: Words that the user agents of crawlers contain.
WORDS = ("bot", "crawl", "spider", "slurp")
#: A brand of phones whose name contains `bot`. The name is removed before the search for WORDS. Otherwise a listed app
#: on such a phone would count as a crawler.
PHONE = "cubot"
#: Listed patterns of crawlers whose names contain none of WORDS.
OTHERS = frozenset(
    {
        *("APIs-Google", "AppEngine-Google", "Google Favicon", "Google Web Preview", "Google-InspectionTool"),
        *("Google-Read-Aloud", "Google-Safety", "Google-Site-Verification", "GoogleOther", "Mediapartners-Google"),
        *("BingPreview\\/", "MicrosoftPreview\\/", "SkypeUriPreview", "Yahoo Link Preview", "Snap URL Preview Service"),
        *("facebookexternalhit", "facebookcatalog\\/", "meta-externalads\\/", "meta-externalagent\\/"),
        *("meta-externalfetcher\\/", "meta-webindexer", "Embedly", "FlipboardProxy", "Iframely", "vkShare"),
        *("ChatGPT-User", "Claude-User", "Claude-Web", "Perplexity-User", "MistralAI-User", "anthropic-ai"),
        *("cohere-ai", "ia_archiver", "heritrix", "Nutch", "SEOkicks", "TinEye", "Xenu Link Sleuth"),
        *("Chrome-Lighthouse", "GTmetrix", "[pP]ingdom", "Site24x7", "StatusCake", "DatadogSynthetics"),
        *("NewRelicSynthetics", "ThousandEyes", "(^| )PTST\\/", "Uptime-Kuma", "Zabbix"),
    }
)
#: The list's tags for programs that are never crawlers.
NO_CRAWLERS = {"http-library", "browser-automation"}

_LISTED: list[str] = [
    row["pattern"] for row in CRAWLER_USER_AGENTS_DATA if not NO_CRAWLERS.intersection(row.get("tags", ()))
]
_BY_NAME = re.compile("|".join(pattern for pattern in _LISTED if pattern in OTHERS))
_BY_WORD = re.compile("|".join(pattern for pattern in _LISTED if pattern not in OTHERS))


@lru_cache(maxsize=8192)
def crawler_name(ua: str) -> str | None:
    """Return the name of the crawler in a user agent, such as `Googlebot`. None if the user agent is empty or names no
    crawler."""
    found = _BY_NAME.search(ua)
    lower = ua.lower().replace(PHONE, "")
    if not found and any(word in lower for word in WORDS):
        # The list is long and has apps, too. It is searched only if the user agent contains one of WORDS.
        found = _BY_WORD.search(ua)
    return found.group(0).strip(" /") if found else None
