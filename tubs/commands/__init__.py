"""The subcommands of `everlap tub`, one a file; car.cli lists them."""
