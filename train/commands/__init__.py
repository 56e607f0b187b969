"""The commands that need the desktop."""
