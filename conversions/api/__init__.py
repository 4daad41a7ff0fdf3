"""API: the views for support: campaigns, ads, goals, conversions, visitors, rejected hits, rollups and replays."""
