"""What picamera2 imports for screens, which no test has: names of pixel formats."""


class _Named(type):
    def __getattr__(cls, name):
        return name


class PixelFormats(metaclass=_Named):
    """Any format, by its name."""
