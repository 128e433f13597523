"""Tests of follow-up."""
