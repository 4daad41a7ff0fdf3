"""Market: lists the ads of the made-up shop: how often people see them, how well they sell, and what they cost."""

from collections.abc import Collection
from typing import Literal

import msgspec

EVERY_MONTH = range(1, 13)


class DemoAd(msgspec.Struct, frozen=True, kw_only=True):
    """An ad of the made-up shop.

    `meets`: how often the ad brings new people. `returns`: how often it brings people who were here before. Both are
    weights, compared with the other ads. `closes`: the chance that a visit by this ad ends in a purchase. `kind`: the
    type of the ad's hits; `page` is a landing page with utm tags. `a_click`, `a_day`: the cost of a click and of a day,
    in cents. `clicked`: the click-through rate. `months`: the months in which the ad is shown. `configured`: whether
    the ad is configured in the tracker.
    """

    key: str
    name: str
    campaign: str
    channel: str = ""
    kind: Literal["page", "click", "view"] = "page"
    source: str = ""
    medium: str = ""
    #: The parameter of the network's click ids; empty if the ad has no click ids.
    click_id: str = ""
    meets: float
    returns: float
    closes: float
    a_click: int = 0
    a_day: int = 0
    clicked: float = 0.02
    months: Collection[int] = EVERY_MONTH
    #: The days of the week on which the ad brings people. Monday is 0.
    weekdays: Collection[int] = range(7)
    configured: bool = True


#: Stands for visits without an ad.
DIRECT = DemoAd(key="", name="", campaign="", meets=2.6, returns=1.6, closes=0.08)
GOOGLE = {"source": "google", "medium": "cpc", "click_id": "gclid"}
BING = {"source": "bing", "medium": "cpc", "click_id": "msclkid"}
META = {"medium": "paid_social", "click_id": "fbclid"}
SUMMER = {"source": "instagram", "months": (6, 7, 8)}
LETTER = {"source": "letter", "medium": "email", "weekdays": (3,)}
TIKTOK = {"source": "tiktok", "medium": "paid_social", "click_id": "ttclid"}


def ad(key: str, name: str, campaign: str, meets: float, returns: float, closes: float, **more: object) -> DemoAd:
    """Make a DemoAd from its fields. `more`: the fields that have defaults."""
    given = {"key": key, "name": name, "campaign": campaign, "meets": meets, "returns": returns, "closes": closes}
    return msgspec.convert({**given, **more}, DemoAd)


#: Most people see a reel first, and buy after a search for the shop's name. Therefore reels gain most under `linear`.
#: The banner costs the same each day and sells next to nothing. It loses money.
MARKET = (
    ad("search-name", "Search: our name", "brand", 0.4, 2.6, 0.2, **GOOGLE, a_click=60, clicked=0.11),
    ad("search-machines", "Search: espresso machines", "machines", 2.0, 0.5, 0.06, **GOOGLE, a_click=290),
    ad("shopping-beans", "Shopping: coffee beans", "beans", 1.5, 0.7, 0.08, **GOOGLE, a_click=140),
    ad("bing-machines", "Bing: espresso machines", "machines", 0.5, 0.2, 0.06, **BING, a_click=210),
    ad("black-week", "Search: Black Week", "black-week", 2.4, 1.2, 0.2, **GOOGLE, a_click=240, months=(11,)),
    ad("reels", "Instagram: latte art reels", "prospecting", 5.0, 0.2, 0.008, **META, source="instagram", a_click=130),
    ad("basket-reminder", "Facebook: basket", "retargeting", 0, 1.4, 0.15, **META, source="facebook", a_click=220),
    ad("cold-brew", "Instagram: cold brew", "summer", 1.6, 0.4, 0.05, **META, **SUMMER, a_click=140),
    ad("newsletter", "Thursday's letter", "letter", 0.1, 2.2, 0.14, **LETTER, a_day=2_900),
    ad("coffee-blog", "Coffee blog", "partners", 0.9, 0.4, 0.1, kind="click", channel="affiliates", a_click=180),
    ad("banner", "Banner on a news page", "banners", 1.1, 0.3, 0.01, kind="view", channel="display", a_day=2_600),
    ad("tiktok-trial", "", "trial", 0.5, 0.1, 0.01, **TIKTOK, a_click=90, configured=False),
)  # fmt: skip
