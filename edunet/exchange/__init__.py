"""The inventory in other people's forms: Excel out and back, and over from other tools."""
