"""The demonstration: a synthetic housing stock and three years of its events."""
