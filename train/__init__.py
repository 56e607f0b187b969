"""Desktop only: from tubs to a quantized pilot, and how well it drives."""
