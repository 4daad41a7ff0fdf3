"""Configuration: reads the configuration of sites as frozen records. This package also has the tables of rates and
spend, snapshots, and bootstrap."""
