"""How is InfluxDB asked: InfluxQL, the language both of its versions read.

No names, classes or promised rates arrive there, and no state but up or not: the boards say less.
"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Variable

CITY: Final = '"county" =~ /^$county$/ AND $timeFilter'
SCHOOL: Final = "\"site\" = '$school' AND $timeFilter"
EVERY: Final = "time($__interval)"
LOST: Final = 'count("up") - sum("up")'

COUNTIES: Final = Variable(
    "county", "县区 County", 'SHOW TAG VALUES FROM "school" WITH KEY = "county"'
)
SCHOOLS: Final = Variable(
    "school",
    "学校 School",
    'SHOW TAG VALUES FROM "school" WITH KEY = "site" WHERE "county" =~ /^$county$/',
    many=False,
)


def select(values: str, source: str, where: str = "", by: str = "") -> str:
    """One question; `source` is a measurement in quotes, or a question in brackets."""
    parts = ["SELECT", values, "FROM", source]
    if where:
        parts += ["WHERE", where]
    if by:
        parts += ["GROUP BY", by]
    return " ".join(parts)


def newest(measurement: str, field: str, name: str, *by: str) -> str:
    """The newest value of each element, as the rows of a further question."""
    value = f'last("{field}") AS "{name}"'
    asked = select(value, f'"{measurement}"', CITY, ", ".join(f'"{tag}"' for tag in by))
    return f"({asked})"


def over_time(values: str, measurement: str, where: str, *tags: str) -> str:
    """A value for each step and tag; a step without a reading is a gap in the curve."""
    by = ", ".join([EVERY, *(f'"{tag}"' for tag in tags)])
    return select(values, f'"{measurement}"', where, by) + " fill(null)"
