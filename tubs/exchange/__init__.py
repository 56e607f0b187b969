"""Recordings of other programs: taken in, and given back."""
