"""Spend: what ads cost by day, from files of ad networks or from programs: reading, checking and listing it. Pure."""
