"""One page that shows a whole tub."""
