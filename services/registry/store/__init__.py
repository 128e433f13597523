"""Tables of the registry and the queries on them."""
