"""Marks: notes which hours and months must be rolled up again after a batch, a change of configuration or a replay."""
