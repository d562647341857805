"""The bus: records, transports, outbox, inbox and dead letters; the same path on the local log and on Kafka."""
