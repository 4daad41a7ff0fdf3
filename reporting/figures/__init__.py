"""Figures: computes the exact figures of an hour from its facts (touches and conversions), and serializes them as
cells. Pure."""
