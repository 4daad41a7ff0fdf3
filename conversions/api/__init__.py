"""Support's API: campaigns, ads and goals; conversions, visitors, rejected hits; roll up and replay."""
