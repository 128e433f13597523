"""Pure rules of training: no database, no HTTP, no Kafka."""
