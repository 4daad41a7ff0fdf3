"""Store: the Store port and its adapters."""
