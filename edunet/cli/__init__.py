"""The front door: one file per command, each found by its name; the only place that joins floors."""

from __future__ import annotations
