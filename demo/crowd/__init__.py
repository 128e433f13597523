"""Crowds of made-up people brought through a programme by the public APIs, for runs under faults and for benchmarks."""
