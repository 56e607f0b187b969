"""Pilots judged by driving: episodes, totals with intervals, pictures of failures."""
