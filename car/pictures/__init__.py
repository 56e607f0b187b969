"""Pictures for people: overlays, maps, films."""
