"""Collection: a request's parameters or body -> hits, and a refusal for each unacceptable one. Pure."""
