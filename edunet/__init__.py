"""The words and the arithmetic of the house: inventory, frames, derivation, topology, metric names.

The ground floor. Apart from `edunet.log` and `edunet.books` nothing here does I/O, and nothing here
opens a socket; every other package may import it.
"""

__version__ = "0.1.0"
