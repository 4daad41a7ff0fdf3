"""Fits: computes what the data-driven models learn from a month's touches and conversions, and describes it for the
API. Pure."""
