"""Figures: computes the exact figures of an hour from its touches and conversions, and writes them as the bytes of
cells. Pure."""
