"""API: the endpoints of support for campaigns, ads, goals, conversions, visitors, rejected hits, spend, rollups and
replays."""
