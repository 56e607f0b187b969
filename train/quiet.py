"""Keeps TensorFlow from talking about itself."""

import logging
import os
import warnings


def without_chatter() -> None:
    """Silence start-up notes and deprecation warnings; must come before TensorFlow's import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
