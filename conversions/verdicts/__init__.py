"""Verdicts: decides from stored facts which conversions count, for whom, with which value, and by which touches.
Pure."""
