"""The recording: one MCAP file a session, and what reads and writes it."""
