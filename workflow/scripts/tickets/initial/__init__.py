"""The weights that a training may start from: pre-trained, shuffled or random."""
