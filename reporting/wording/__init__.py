"""Wording: explanations -> the words that pages say of a conversion. Pure."""
