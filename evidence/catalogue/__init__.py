"""What was recorded, what is missing, and the entries that root it."""
