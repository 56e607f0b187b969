"""The car as a systemd service: installs the units, and says how they fare."""
