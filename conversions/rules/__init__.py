"""Rules: what a site configured, as frozen records: goals, ads, traffic, rates, terms. Pure."""
