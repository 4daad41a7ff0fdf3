"""Store: where facts, cells and counters are kept: the port, its two adapters (SQL and Cassandra) and their tables."""
