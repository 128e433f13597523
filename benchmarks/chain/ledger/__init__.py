"""Ledger: two postings for every payment.

Owns postings, publishes nothing, hears `paid`.
"""
