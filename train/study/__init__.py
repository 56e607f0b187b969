"""Which offline score of a checkpoint predicts how it drives."""
