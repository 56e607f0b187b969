"""What is measured on a car and written to car.toml."""
