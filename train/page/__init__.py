"""What every page and plot is made of."""
