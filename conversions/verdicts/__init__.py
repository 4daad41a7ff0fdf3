"""Verdicts: facts, read through the store -> which conversions count, their values and their paths. Pure."""
