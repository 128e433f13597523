"""Allocation, proposal, check and decree by disbursement, beside one hand-written SQL statement for each act."""
