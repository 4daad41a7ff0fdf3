"""Fits: what the data-driven models learn from a month's facts, and how the API shows it. Pure."""
