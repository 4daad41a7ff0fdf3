"""Crawlers: a user agent -> the name by which it says that it is one. Pure.

The list is crawler-user-agents'. It names much besides crawlers: programs' HTTP libraries, automated browsers, the
senders of shops' and payment services' messages, apps that show pages. All of these may bring hits that count, so of
whom it names only those are taken whose user agents say bot, crawler or spider, and OTHERS.
"""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

#: What crawlers call themselves.
WORDS = ("bot", "crawl", "spider", "slurp")
#: A make of phones, no such word; an app on one of them may be listed.
PHONE = "cubot"
#: Crawlers of the list that call themselves by a name alone, as the list writes them.
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
#: The list's words for what is no crawler, whatever it is called.
NO_CRAWLERS = {"http-library", "browser-automation"}

_LISTED: list[str] = [
    row["pattern"] for row in CRAWLER_USER_AGENTS_DATA if not NO_CRAWLERS.intersection(row.get("tags", ()))
]
_BY_NAME = re.compile("|".join(pattern for pattern in _LISTED if pattern in OTHERS))
_BY_WORD = re.compile("|".join(pattern for pattern in _LISTED if pattern not in OTHERS))


@lru_cache(maxsize=8192)
def crawler_name(ua: str) -> str | None:
    """What the crawler of a user agent calls itself; None for everybody else, and for an empty one."""
    found = _BY_NAME.search(ua)
    lower = ua.lower().replace(PHONE, "")
    if not found and any(word in lower for word in WORDS):
        # The list is long, and has apps too: it is asked only about who uses such a word.
        found = _BY_WORD.search(ua)
    return found.group(0).strip(" /") if found else None
