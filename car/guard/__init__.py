"""The guard: a small process that owns the chip, and the ways to reach it."""
