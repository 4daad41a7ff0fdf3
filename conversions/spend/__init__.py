"""Spend: reads, checks and lists what ads cost by day, from files of ad networks or from programs. Pure."""
