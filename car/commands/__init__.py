"""The commands that need nothing but the car."""
