"""The product's own chain: a list of people brought through a Tegal-like programme by the real services."""
