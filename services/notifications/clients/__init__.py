"""The outside: gateways that carry messages, and the registry that knows names and numbers."""
