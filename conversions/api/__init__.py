"""API: the endpoints for campaigns, ads, goals, conversions, visitors, rejected hits, spend, rollups and replays."""
