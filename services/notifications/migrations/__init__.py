"""Schema and first data of this service's database."""
