"""Currencies: the ISO 4217 codes of currencies (list one, as of 2025), and the signs such as $ with the codes that each
may mean. Pure."""

CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND
    TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR
    XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL
    """.split()  # noqa: SIM905
)

DOLLARS = """
    USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD UYU XCD
"""
#: Sign or short word for a currency, in lower case -> the ISO codes that it may mean.
SIGNS: dict[str, frozenset[str]] = {
    sign: frozenset(codes.split())
    for sign, codes in {
        **{"$": DOLLARS, "€": "EUR", "£": "GBP EGP FKP GIP LBP SHP SSP SYP", "¥": "JPY CNY", "元": "CNY", "円": "JPY"},
        **{"us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "mx$": "MXN"},
        **{"nt$": "TWD", "nz$": "NZD", "r$": "BRL", "s$": "SGD", "₹": "INR", "₽": "RUB", "₺": "TRY", "₴": "UAH"},
        **{"₩": "KRW KPW", "₪": "ILS", "₫": "VND", "₦": "NGN", "₱": "PHP CUP", "฿": "THB", "₸": "KZT", "₾": "GEL"},
        **{"kr": "SEK DKK NOK ISK", "rs": "INR LKR MUR NPR PKR SCR", "lei": "RON MDL", "fr": "CHF", "sfr": "CHF"},
        **{"kč": "CZK", "zł": "PLN", "ft": "HUF", "лв": "BGN", "руб": "RUB", "euro": "EUR"},
    }.items()
}


def meanings(text: str) -> frozenset[str]:
    """Return the ISO codes that a currency's code or sign may mean: "$" may mean USD, CAD and others. Upper and lower
    case are the same. Empty if the text is neither a code nor a sign."""
    text = text.strip().rstrip(".")
    code = text.upper()
    return frozenset((code,)) if code in CURRENCIES else SIGNS.get(text.lower(), frozenset())
