"""Wording: puts explanations of conversions into words, for the pages. Pure."""
