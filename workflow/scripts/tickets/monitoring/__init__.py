"""What a run prints on a terminal, and how long it will take."""
