"""The pages about a pilot: whether it is safe to try, and what to record next."""
