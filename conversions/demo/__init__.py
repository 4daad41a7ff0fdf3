"""Demo: generates the hits and the spend of a made-up shop. The same seed and days give the same data. Nothing is
stored.

This package uses `random.Random` with a seed, but no Django, no service and no clock.
"""
