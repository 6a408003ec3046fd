"""When to wake someone, why, and how."""
