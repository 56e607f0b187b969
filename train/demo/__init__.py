"""The whole of Everlap in one run."""
