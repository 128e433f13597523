"""Stand-ins for parties outside the system, as real servers of their own, for demos and tests only."""
