"""Dashboard: decides everything that the dashboard shows, from what a person chose and the report API's answer.
Pure."""
