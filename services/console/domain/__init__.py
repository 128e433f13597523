"""Pure rules: no SQLAlchemy, FastAPI or Kafka here."""
