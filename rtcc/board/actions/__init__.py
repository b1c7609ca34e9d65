"""Acts of the board: one file for each."""
