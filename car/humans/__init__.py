"""People at the controls: by gamepad, through a local socket, at the terminal, and together."""
