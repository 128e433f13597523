"""The floor's chain written with the chassis: allocate, pay, post to a ledger; three services, two hops.

Nothing here is tuned for the benchmark: outbox, relay, batch consumer, inbox, contracts, validation and traces are the
ones every service of the product stands on.
"""
