"""A simulated car: the chip on the bus, the world, and the camera's view of it."""
