"""Explain: why a conversion counts or not, what each touch gets, who the persons are, which hits were rejected.
Pure."""
