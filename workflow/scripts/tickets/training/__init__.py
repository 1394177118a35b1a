"""Training a ticket: recipe, loop, optimiser, checkpoints, progress."""
