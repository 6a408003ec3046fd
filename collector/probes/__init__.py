"""How we learn what users feel: one probe, one file."""
