"""Everything that reaches out: polls devices, probes what users feel, pushes what was learnt."""
