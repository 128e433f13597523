"""A service as small as can be, to test the chassis by: accounts that are credited, and credits that are heard."""
