"""Tests of Sinergi, on the real PostgreSQL and Kafka of the embedded stack."""
