"""Dashboard: makes everything that the dashboard shows, from a person's choice and the report API's answer. Pure."""
