"""A virtual city on loopback: agents, moving counters and cuts, for the demo, the tests and the bench.

It reads no collector profile: what its agents answer is its own.
"""
