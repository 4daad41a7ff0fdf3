"""The baseline: for each hit a chain of three Celery tasks, one S3 object, one Cassandra read and one counter.

It is what one gets by following a tutorial, with the same libraries, server and services. Messages are durable; it
loses nothing on purpose.
"""
