"""Migrations of disbursement."""
