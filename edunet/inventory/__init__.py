"""What exists in the network and what was promised, read from `inventory.yaml` and checked."""
