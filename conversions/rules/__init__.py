"""Rules: what a site configured, as frozen records. Goals, ads, traffic, rates, terms. Pure."""
