"""The plain way, to compare with: one chain of three Celery tasks, one S3 object, one Cassandra read and counter a hit.

What a tutorial would lead to, with the same libraries, server and services; durable messages, no loss on purpose.
"""
