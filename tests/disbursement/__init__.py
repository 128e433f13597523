"""Tests of the disbursement service."""
