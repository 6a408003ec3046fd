"""An invented network of any size, for trying things out: the same seed, the same network."""

from __future__ import annotations

from edunet.generator.city import City, generate
from edunet.generator.ledger import Planted
from edunet.generator.text import to_csv, to_yaml
from edunet.generator.wish import Wish, wish

__all__ = ["City", "Planted", "Wish", "generate", "to_csv", "to_yaml", "wish"]
