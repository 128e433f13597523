"""DBOS: durable workflows in PostgreSQL, one per person or one per 500."""
