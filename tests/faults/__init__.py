"""Deliberate faults of the product, each with the test that must catch it: `python -m tests.faults`, `make faults`.

Decision 14 has the table that it prints.
"""
