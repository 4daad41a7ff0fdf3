"""Consent: reads Google's four consent signals from a hit's parameters, and removes from the hit what they deny.
Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from tracker.collection.body import read_object
from tracker.collection.hit import Hit
from tracker.collection.refusal import Refusal

GRANTED: Final = "granted"
DENIED: Final = "denied"
ANALYTICS, ADS, USER_DATA = "analytics_storage", "ad_storage", "ad_user_data"
SIGNALS = (ADS, ANALYTICS, USER_DATA, "ad_personalization")

#: URL parameters that identify one click, or one recipient of an e-mail.
CLICK_IDS = (
    *("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid", "rdt_cid", "epik"),
    *("ob_click_id", "tblci", "sccid", "yclid", "ysclid", "srsltid", "gclsrc", "_gl", "igshid", "irclickid", "cjevent"),
    *("awc", "dicbo", "vmcid", "mc_eid", "_hsenc", "_hsmi", "vero_id", "mkt_tok", "click_id", "clickid"),
    *("hl_click", "hl_visitor"),
)
_MARK = r"(?:[?&;#]|&amp;|%(?:25)*(?:3F|26|23|3B))"
#: Matches one of these parameters in a URL. The URL may be the value of a parameter of another URL, with percent signs
#: encoded again.
_CLICK_ID = re.compile(
    r"(?:(?<![\w-])|(?<=3F)|(?<=26)|(?<=23)|(?<=3B))"
    rf"(?:{'|'.join(map(re.escape, CLICK_IDS))})(?:=|%(?:25)*3D)(?:(?!{_MARK})\S)*",
    re.IGNORECASE,
)

#: The keys by which ad networks recognize a person, and the form of each. They come in the parameter `match`.
_HASH = re.compile(r"[0-9a-f]{64}")
_COOKIE = re.compile(r"[\w.%+/=-]{1,500}", re.ASCII)
MATCH_KEYS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("email", "phone", "phone_digits"), _HASH),
    **dict.fromkeys(("fbp", "fbc", "ttp"), _COOKIE),
    #: The client id in Google Analytics' cookie.
    "ga": re.compile(r"(?:GA[0-9]\.[0-9]+\.)?([0-9]{1,20}\.[0-9]{1,20})"),
}
#: Match key -> the consent signal that it needs.
_NEEDS = {**dict.fromkeys(("email", "phone", "phone_digits"), USER_DATA), **dict.fromkeys(("fbp", "fbc", "ttp"), ADS)}


def read_consent(given: Any) -> dict[str, str]:
    """Read the consent signals from the value of the parameter `consent`: signal -> granted or denied. Every word but
    `granted` means denied. If the value can't be read, all signals are denied."""
    named = _named(given)
    if named is None:
        return dict.fromkeys(SIGNALS, DENIED)
    return {name: GRANTED if named[name] == GRANTED else DENIED for name in SIGNALS if name in named}


def consent_problem(given: Any) -> Refusal | None:
    """Return what is wrong with the value of the parameter `consent`, as a Refusal for the notes of the answer; None if
    the value is right. The hit is accepted in any case."""
    named = _named(given)
    if named is None:
        return Refusal(
            200, "bad_consent", f"Text or an object is needed; all signals are taken as {DENIED}.", "consent"
        )
    bad = sorted(str(name)[:40] for name, word in named.items() if name not in SIGNALS or word not in (GRANTED, DENIED))
    if not bad:
        return None
    return Refusal(
        200, "bad_consent", f"Neither {GRANTED} nor {DENIED}, or no signal: {', '.join(bad[:4])}.", "consent"
    )


def _named(given: Any) -> Mapping[str, Any] | None:
    """Read the value of the parameter `consent` (a text or a JSON object) as signal -> word; None if it can't be
    read."""
    if given is None:
        return {}
    if isinstance(given, str) and given.lstrip().startswith("{"):
        given = read_object(given)
    if isinstance(given, dict):
        return given
    if not isinstance(given, str):
        return None
    text = given.strip()
    if text and "=" not in text:
        return dict.fromkeys(SIGNALS, text)
    parts = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): word.strip() for name, _, word in parts}


def read_match(given: Any) -> dict[str, str]:
    """Read the parameter `match`: the keys by which ad networks recognize a person, such as a hashed e-mail address.
    Malformed keys are left out."""
    if isinstance(given, str):
        given = read_object(given)
    if not isinstance(given, dict):
        return {}
    keys = {}
    for name, form in MATCH_KEYS.items():
        text = given.get(name)
        if isinstance(text, str) and (found := form.fullmatch(text)):
            keys[name] = found[found.lastindex or 0]
    return keys


def remove_denied(hit: Hit, denied: Collection[str], stand_in: str) -> Hit:
    """Remove from a hit what its consent denies. `denied`: the signals that the site denies if the hit doesn't say
    anything about them.

    If `analytics_storage` is denied, everything that identifies the person is removed, also click ids in URLs. The
    visitor id becomes `stand_in`, an id that no other hit has.
    """
    consent = {**dict.fromkeys(denied, DENIED), **hit.consent}
    if DENIED not in consent.values():
        return hit
    if consent.get(ANALYTICS) == DENIED:
        return msgspec.structs.replace(
            hit,
            consent=consent,
            visitor=stand_in,
            user="",
            ip="",
            ua="",
            url=without_click_ids(hit.url),
            ref=without_click_ids(hit.ref),
            # The props of a click are the other parameters of its link, which an ad network chose.
            props={} if hit.type == "click" else hit.props,
            match={},
            click="",
        )
    match = {key: text for key, text in hit.match.items() if consent.get(_NEEDS.get(key, ""), GRANTED) == GRANTED}
    return msgspec.structs.replace(hit, consent=consent, match=match)


def without_click_ids(url: str) -> str:
    """Remove the parameters with click ids of ad networks, such as `gclid`, from a URL."""
    return _CLICK_ID.sub("", url)
