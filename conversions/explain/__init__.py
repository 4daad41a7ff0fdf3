"""Explain: why a conversion counts or not, who its persons are, which hits were rejected. Pure."""
