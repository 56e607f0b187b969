"""What `everlap bench` needs TensorFlow for: float forms, and how fast a training is."""
