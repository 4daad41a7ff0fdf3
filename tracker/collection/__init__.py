"""Collection: reads a request's parameters or body into hits, and makes a refusal for each bad hit. Pure."""
