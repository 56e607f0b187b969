"""Whether a tub is whole, and how to make one of what is left."""
