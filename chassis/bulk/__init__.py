"""Every act on one person, for a list or a filter: a job that does each through the act's own route."""
