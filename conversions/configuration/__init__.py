"""Configuration: reads the configuration of sites as frozen records. Also has the tables of rates and spend, snapshots,
and bootstrap."""
