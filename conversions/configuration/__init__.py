"""Configuration: reads the configuration as frozen records; the tables of rates and spend, snapshots, and bootstrap."""
