"""Store: saves and reads facts, cells and counters. `port` is the interface. Its two adapters are `sql` and
`cassandra`, each with its tables."""
