"""What a process tells Prometheus of itself: docs/metrics.md lists every name."""
