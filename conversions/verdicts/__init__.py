"""Verdicts: decides from stored facts which conversions count, for whom and with which value, and which touches get
credit. Pure."""
