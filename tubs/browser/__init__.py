"""The tub browser: a page to see, judge and clean recordings, and what serves it."""
