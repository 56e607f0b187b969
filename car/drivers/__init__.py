"""The parts of a car, each behind its protocol."""
