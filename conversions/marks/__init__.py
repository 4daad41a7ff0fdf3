"""Marks: which buckets and months must be rolled up again after a batch, a change or a replay."""
