"""Everything that is asked of us: routes, pages and the exposition."""
