"""Pages of keeping and destroying: what is due, what is held, what was destroyed."""
