"""Collection: converts the parameters or the body of a request to hits, and to a refusal for each bad hit. Pure."""
