"""Wording: explanations -> the words of pages about a conversion. Pure."""
