"""The stack for container engines."""
