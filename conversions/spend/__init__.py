"""Spend: the export of an ad network -> what was spent, by day, currency and names. Pure."""
