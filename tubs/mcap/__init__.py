"""A session file: MCAP on the byte level, and how a record lies in it."""
