"""Whole cases through all services as operating-system processes, on the real servers."""
