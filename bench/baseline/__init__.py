"""The baseline of the benchmarks: for each hit a chain of three Celery tasks, one S3 object, one Cassandra read and one
counter.

It is what a tutorial leads to, with the same libraries, server and services as the tracker. Messages are durable.
"""
