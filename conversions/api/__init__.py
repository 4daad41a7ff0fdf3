"""API: support's endpoints for campaigns, ads, goals, conversions, visitors, rejected hits, spend, rollups and
replays."""
