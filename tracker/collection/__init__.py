"""Collection: a request's parameters or body -> hits, or a reason for each that is none. Pure."""
