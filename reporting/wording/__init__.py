"""Wording: writes explanations of conversions in words, for the pages. Pure."""
