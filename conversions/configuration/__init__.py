"""Configuration: the database's rows <-> frozen records; the rate table, snapshots, bootstrap."""
