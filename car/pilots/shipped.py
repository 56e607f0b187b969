"""The pilot that comes with Everlap."""

from pathlib import Path

SHIPPED_PILOT = Path(__file__).resolve().parent / "everlap.tflite"
