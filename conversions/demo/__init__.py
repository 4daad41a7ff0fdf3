"""Demo: a seed and some days -> the hits and the spend of a made-up shop, the same ones each time. Nothing is stored.

It draws from `random.Random` with a seed, and knows no Django, no service and no clock.
"""
