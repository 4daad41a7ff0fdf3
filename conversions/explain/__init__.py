"""Explain: explains whether and why a conversion counts, what each touch gets, who the persons are, and which of their
hits were rejected. Pure."""
