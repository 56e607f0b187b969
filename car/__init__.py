"""What runs on the car: the drive loop, its drivers, its pilots and the simulated car."""
