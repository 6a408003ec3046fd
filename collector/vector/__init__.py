"""Thousands of SNMPv2c questions at once: batches in, batches out, and no object for a value."""
