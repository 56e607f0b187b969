"""Tubs as flat arrays for a trainer that reads records in any order."""
