"""Payment: pays what was allocated.

Owns payments, publishes `paid`, hears `allocated`.
"""
