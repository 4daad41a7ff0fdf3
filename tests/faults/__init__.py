"""Deliberate faults of the product, each with the test that must catch it: `python -m tests.faults`, `make faults`.

It prints the table of decision 14.
"""
