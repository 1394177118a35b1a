"""What a file was made from, and in what two histories differ."""
