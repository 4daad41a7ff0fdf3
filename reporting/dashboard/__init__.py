"""Dashboard: what a person chose and the report's answer -> everything that the dashboard shows. Pure."""
