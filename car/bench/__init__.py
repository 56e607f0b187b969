"""Measurements, each as a ratio to something measured beside it."""
