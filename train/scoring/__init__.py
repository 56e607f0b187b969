"""How far a pilot is from recorded drivers, with simple ways beside it."""
