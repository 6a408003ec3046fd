"""One resource, one file: each defines `router`, found by the file's name."""
