"""Edits of a tub, and the rules that choose what to delete."""
