"""Allocation: gives every person of a list a sum.

Owns grants, publishes `allocated`, hears nothing.
"""
