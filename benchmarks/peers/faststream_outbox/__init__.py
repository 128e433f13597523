"""faststream-outbox: the chain over Kafka, relayed by the nearest ready-made outbox."""
