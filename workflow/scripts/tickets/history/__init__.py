"""What a file was made from, and how two histories differ."""
