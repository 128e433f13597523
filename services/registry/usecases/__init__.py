"""One use case, one file: load, decide, save, publish."""
