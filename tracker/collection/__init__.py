"""Collection: a request's parameters or body -> hits, and a refusal for each that is not acceptable. Pure."""
