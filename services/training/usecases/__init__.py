"""One use case, one file: load, decide, save, publish. Only the edge commits."""
