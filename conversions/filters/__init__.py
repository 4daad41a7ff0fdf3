"""Filters: decides which goals and ads a report or a list includes, by parameters such as `channel=email` and `ad!=x`.
Pure."""
