"""The benchmark: one durable job, several ways to do it (docs/benchmarks.md)."""
