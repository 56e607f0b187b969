"""Examines a car and the computer on it, and says what to do about what it finds."""
