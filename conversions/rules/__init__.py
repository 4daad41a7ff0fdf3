"""Rules: the configuration of a site as frozen records: goals, ads, traffic, exchange rates, parameters of models.
Pure."""
