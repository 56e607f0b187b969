"""What a tub holds, in figures and in words."""
