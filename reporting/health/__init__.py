"""Health: what the page of tracking health finds: what came last, which goals fell silent, and which clicks and costs
lack an ad or each other. Pure."""
