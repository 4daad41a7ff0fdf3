"""API: support's views. Campaigns, ads and goals; conversions, visitors, rejected hits; roll up and replay."""
