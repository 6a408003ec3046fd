"""Everything that reaches out: it polls devices, probes what users feel and pushes what it learns."""
