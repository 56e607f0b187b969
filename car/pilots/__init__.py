"""Who decides: networks, and whatever else steers from a frame."""
