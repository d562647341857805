"""A real Apache Kafka, and the PostgreSQL beside it, on one machine: for development, tests and the demo."""
