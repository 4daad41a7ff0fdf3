"""Verdicts: facts, read through the store -> which conversions count, for how much, and by which paths. Pure."""
