"""Acts on requests."""
