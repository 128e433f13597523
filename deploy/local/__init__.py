"""The embedded stack: real PostgreSQL, Kafka and Zipkin from wheels and pinned jars, no container engine."""
