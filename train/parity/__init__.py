"""Whether the int8 pilot drives as its float network does."""
