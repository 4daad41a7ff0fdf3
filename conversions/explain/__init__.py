"""Explain: why a conversion counts or not, who its persons are, what was set aside. Pure."""
