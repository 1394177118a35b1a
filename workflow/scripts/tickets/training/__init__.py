"""Training a ticket: recipe, loop, optimizer, checkpoints, progress."""
